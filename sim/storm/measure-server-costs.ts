// Measures what a request costs the real nbd-server and nginx, over loopback: processor time of all threads of the server by the kernel's count
// (/proc/PID/task/*/schedstat), for reads of 4 and of 128 KiB in random places of a file in memory. Prints the lines of server-costs.ts.
//
//   node sim/storm/measure-server-costs.ts

import { execFileSync, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const IMAGE_BYTES = 64 * 1024 * 1024;
const SMALL_BYTES = 4_096;
const LARGE_BYTES = 131_072;
const REQUESTS = 8_000;
const NBD_PORT = 21_809;
const HTTP_PORT = 21_880;
const NBD_REQUEST_MAGIC = 0x25609513;
const NBD_OPT_EXPORT_NAME = 1;
/** The server's two answers in the handshake; flag 2 of ours leaves the zeros behind the second out. */
const GREETING_BYTES = 18;
const EXPORT_BYTES = 10;

const folder = mkdtempSync('/dev/shm/viver-server-costs-');
const image = join(folder, 'image');

/** A connection to a server, used for one request at a time. */
class Client {
  readonly socket: Socket;
  readonly #request: (offset: number, length: number) => Uint8Array;
  readonly #headBytes: (answer: Buffer) => number;
  #bytes = 0;
  #start = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  /** Of the last exchange: bytes around the content. */
  requestBytes = 0;
  answerBytes = 0;

  /** @param headBytes How much of an answer, given its first bytes, is not content. */
  constructor(
    socket: Socket,
    request: (offset: number, length: number) => Uint8Array,
    headBytes: (answer: Buffer) => number,
  ) {
    this.socket = socket;
    this.#request = request;
    this.#headBytes = headBytes;
    socket.on('data', (chunk: Buffer<ArrayBuffer>) => {
      if (this.#bytes === 0) this.#start = chunk;
      this.#bytes += chunk.length;
      this.#wake?.();
    });
  }

  async ask(offset: number, length: number): Promise<void> {
    const request = this.#request(offset, length);
    this.socket.write(request);
    this.requestBytes = request.length;
    do {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.answerBytes = this.#headBytes(this.#start);
    } while (this.#bytes < this.answerBytes + length);
    this.#bytes = 0;
  }
}

/** Nanoseconds on a processor of all threads of these processes. */
function cpuNs(processes: readonly number[]): number {
  let sum = 0;
  for (const process of processes) {
    for (const task of readdirSync(`/proc/${process}/task`)) {
      sum += Number(readFileSync(`/proc/${process}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    }
  }
  return sum;
}

function childrenOf(process: number): number[] {
  return readFileSync(`/proc/${process}/task/${process}/children`, 'utf8').trim().split(' ').map(Number);
}

/** Microseconds of a request of this length, the median of five rounds. */
async function measure(client: Client, processes: readonly number[], length: number): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < 5; round++) {
    const before = cpuNs(processes);
    for (let number = 0; number < REQUESTS; number++) {
      await client.ask(Math.floor((Math.random() * (IMAGE_BYTES - length)) / 4096) * 4096, length);
    }
    rounds.push((cpuNs(processes) - before) / REQUESTS / 1000);
  }
  return rounds.sort((a, b) => a - b)[2]!;
}

async function measureServer(name: string, client: Client, processes: readonly number[]): Promise<void> {
  const small = await measure(client, processes, SMALL_BYTES);
  const large = await measure(client, processes, LARGE_BYTES);
  const nsPerByte = ((large - small) * 1000) / (LARGE_BYTES - SMALL_BYTES);
  const usPerRequest = small - (nsPerByte * SMALL_BYTES) / 1000;
  const { requestBytes, answerBytes } = client;
  console.log(JSON.stringify({ name, usPerRequest, nsPerByte, requestBytes, answerBytes }));
  client.socket.destroy();
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

async function measureNbdServer(): Promise<void> {
  const [config, pidFile] = [join(folder, 'nbd.conf'), join(folder, 'nbd.pid')];
  const generic = `[generic]\nport = ${NBD_PORT}\nlistenaddr = 127.0.0.1\n`;
  writeFileSync(config, `${generic}[image]\nexportname = ${image}\nreadonly = true\n`);
  execFileSync('nbd-server', ['-C', config, '-p', pidFile], { stdio: 'ignore' });
  await sleep(500);
  const server = Number(readFileSync(pidFile, 'utf8'));
  try {
    const socket = await dial(NBD_PORT);
    const option = Buffer.alloc(4 + 16 + 5);
    option.writeUInt32BE(3, 0);
    option.write('IHAVEOPT', 4);
    option.writeUInt32BE(NBD_OPT_EXPORT_NAME, 12);
    option.writeUInt32BE(5, 16);
    option.write('image', 20);
    socket.write(option);
    await bytesFrom(socket, GREETING_BYTES + EXPORT_BYTES);
    await measureServer('nbd-server', new Client(socket, nbdRequest, () => 16), childrenOf(server));
  } finally {
    process.kill(server);
  }
}

function nbdRequest(offset: number, length: number): Uint8Array {
  const request = Buffer.alloc(28);
  request.writeUInt32BE(NBD_REQUEST_MAGIC, 0);
  request.writeBigUInt64BE(BigInt(offset), 16);
  request.writeUInt32BE(length, 24);
  return request;
}

async function measureNginx(): Promise<void> {
  const config = join(folder, 'nginx.conf');
  const server = `server { listen 127.0.0.1:${HTTP_PORT}; root ${folder}; }`;
  const http = `http { access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000; ${server} }`;
  const main = `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log /dev/null; user root;`;
  writeFileSync(config, `${main} events { worker_connections 64; } ${http}`);
  const nginx = spawn('nginx', ['-c', config], { stdio: 'ignore' });
  await sleep(500);
  try {
    const headBytes = (answer: Buffer): number => answer.indexOf('\r\n\r\n') + 4;
    const client = new Client(await dial(HTTP_PORT), httpRequest, headBytes);
    await measureServer('nginx', client, childrenOf(nginx.pid!));
  } finally {
    nginx.kill();
  }
}

function httpRequest(offset: number, length: number): Uint8Array {
  return Buffer.from(`GET /image HTTP/1.1\r\nHost: server\r\nRange: bytes=${offset}-${offset + length - 1}\r\n\r\n`);
}

/** Waits for so many bytes and drops them. */
async function bytesFrom(socket: Socket, count: number): Promise<void> {
  for (let got = 0; got < count; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    got += chunk.length;
  }
}

writeFileSync(image, randomFillSync(Buffer.alloc(IMAGE_BYTES)));
try {
  await measureNbdServer();
  await measureNginx();
} finally {
  rmSync(folder, { recursive: true });
}
