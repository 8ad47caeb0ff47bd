// The NBD server beside nbdkit (memory), nbd-server and qemu-nbd: fio and nbdcopy over Unix sockets, one file in memory.
// Servers take turns within each run, so that a busy moment of the machine hits all of them; figures are medians over the runs,
// the ratio is the median of the runs' ratios to the best peer. It says nothing about networks or the kernel's own client.
//
//   bench/nbd.bench.ts [RUNS]        writes bench/results/nbd.json and the nbd rows of field.json

import { execFileSync, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatRow, mergeResult, type ResultRow, resultRow, writeResult } from './results.ts';

const RUNS = Number(process.argv[2] ?? 5);
const IMAGE_BYTES = 256 * 1024 * 1024;
const SECONDS = 2;
/** The rows that the field is judged by, and what is wanted of them there. */
const FIELD_ROWS = ['4k-rand-qd1', '4k-rand-qd16', '128k-rand-qd1', '128k-seq-qd16', 'nbdcopy-1conn'];
const FIELD_GOAL = 1;
const folder = mkdtempSync('/dev/shm/viver-bench-nbd-');
const image = join(folder, 'image');

/** A server that can be started on a socket. The export's name is `image`, or empty where there is only one. */
interface Server {
  readonly name: string;
  readonly exportName: string;
  /** Returns what stops it. */
  start(socket: string): () => void;
}

const ours = (name: string, ...options: string[]): Server => ({
  name,
  exportName: 'image',
  start: (socket) => run(process.execPath, 'test/programs/serve-nbd.ts', socket, image, '--memory', ...options),
});

const OURS = ours('viver', '--poll');
const PEERS: readonly Server[] = [
  {
    name: 'nbdkit-memory',
    exportName: '',
    start: (socket) => run('nbdkit', '-f', '-U', socket, 'memory', `${IMAGE_BYTES}`),
  },
  {
    name: 'nbd-server',
    exportName: 'image',
    start(socket) {
      const config = join(folder, 'nbd-server.conf');
      const pidFile = join(folder, 'nbd-server.pid');
      writeFileSync(config, `[generic]\nunixsock = ${socket}\n[image]\nexportname = ${image}\nreadonly = true\n`);
      // Debian's build always goes to the background.
      execFileSync('nbd-server', ['-C', config, '-p', pidFile], { stdio: 'ignore' });
      return () => process.kill(Number(readFileSync(pidFile, 'utf8')));
    },
  },
  {
    name: 'qemu-nbd',
    exportName: 'image',
    start: (socket) => run('qemu-nbd', '-k', socket, '-f', 'raw', '-r', '-e', '16', '-t', '-x', 'image', image),
  },
];
const SERVERS = [OURS, ours('viver, no polling'), ...PEERS];

/** One measurement on a server's URI. */
interface Workload {
  readonly name: string;
  readonly unit: 'IOPS' | 'MiB/s';
  /** The ratio to the best peer that is to be reached. */
  readonly goal: number;
  measure(uri: string): number;
}

const fioLoad = (name: string, goal: number, mode: string, blockSize: string, depth: number): Workload => {
  const unit = mode === 'read' ? 'MiB/s' : 'IOPS';
  return { name, unit, goal, measure: (uri) => fio(uri, mode, blockSize, depth)[unit] };
};

const WORKLOADS: readonly Workload[] = [
  fioLoad('4k-rand-qd1', 1.2, 'randread', '4k', 1),
  fioLoad('4k-rand-qd16', 1.2, 'randread', '4k', 16),
  fioLoad('16k-rand-qd1', 1.2, 'randread', '16k', 1),
  fioLoad('128k-rand-qd1', 1.2, 'randread', '128k', 1),
  fioLoad('128k-seq-qd16', 1.1, 'read', '128k', 16),
  { name: 'nbdcopy-1conn', unit: 'MiB/s', goal: 1.1, measure: nbdcopy },
];

function run(program: string, ...args: string[]): () => void {
  const server = spawn(program, args, { stdio: 'ignore' });
  return () => server.kill('SIGKILL');
}

function fio(uri: string, mode: string, blockSize: string, depth: number): { IOPS: number; 'MiB/s': number } {
  const args = [
    '--name=x',
    '--ioengine=nbd',
    `--uri=${uri}`,
    `--rw=${mode}`,
    `--bs=${blockSize}`,
    `--iodepth=${depth}`,
  ];
  const limits = ['--time_based', `--runtime=${SECONDS}`, '--ramp_time=0.3', '--output-format=json', '--randseed=1'];
  const output = execFileSync('fio', [...args, ...limits], { encoding: 'utf8', cwd: folder });
  const { read } = JSON.parse(output.slice(output.indexOf('{'))).jobs[0];
  return { IOPS: read.iops, 'MiB/s': read.bw_bytes / 2 ** 20 };
}

/** Copies the export four times; the rate of all. */
function nbdcopy(uri: string): number {
  const started = performance.now();
  const args = ['--no-extents', '--connections=1', '--request-size=131072', '--requests=64', uri, 'null:'];
  for (let time = 0; time < 4; time++) execFileSync('nbdcopy', args);
  return (4 * IMAGE_BYTES) / 2 ** 20 / ((performance.now() - started) / 1000);
}

const uriOf = (server: Server, socket: string): string => `nbd+unix:///${server.exportName}?socket=${socket}`;

/** Starts one server and waits until it listens; it stays up, idle while the others are measured. */
async function start(server: Server, socket: string): Promise<void> {
  stops.push(server.start(socket));
  for (let waited = 0; !existsSync(socket); waited += 50) {
    if (waited > 10_000) throw new Error(`${server.name} does not listen`);
    await sleep(50);
  }
  await sleep(300);
}

/** One row of the result out of the figures of all runs, by server. */
function rowOf({ name, unit, goal }: Workload, figures: ReadonlyMap<Server, number[]>): ResultRow {
  const byName = (servers: readonly Server[]) =>
    Object.fromEntries(servers.map((server) => [server.name, figures.get(server)!]));
  const others = byName(SERVERS.filter((server) => server !== OURS && !PEERS.includes(server)));
  return resultRow({ name, unit, lowerIsBetter: false, goal, ours: figures.get(OURS)!, peers: byName(PEERS), others });
}

randomBytesInto(image);
const stops: (() => void)[] = [];
const sockets = new Map(SERVERS.map((server, at) => [server, join(folder, `socket-${at}`)]));
try {
  for (const [server, socket] of sockets) await start(server, socket);
  const nbdkit = PEERS[0]!;
  // The memory plugin starts with a hole, which costs nothing to read: fill it.
  execFileSync('nbdcopy', [image, uriOf(nbdkit, sockets.get(nbdkit)!)]);
  const rows = WORKLOADS.map((workload) => {
    const figures = new Map(SERVERS.map((server) => [server, [] as number[]]));
    for (let at = 0; at < RUNS; at++) {
      for (const server of SERVERS) {
        figures.get(server)!.push(workload.measure(uriOf(server, sockets.get(server)!)));
      }
    }
    const row = rowOf(workload, figures);
    console.log(formatRow(row));
    return row;
  });
  writeResult('nbd', RUNS, rows);
  const fieldRows = rows.filter(({ name }) => FIELD_ROWS.includes(name));
  mergeResult(
    'field',
    RUNS,
    fieldRows.map((row) => ({ ...row, name: `nbd ${row.name}`, goal: FIELD_GOAL })),
  );
} finally {
  for (const stop of stops) stop();
  rmSync(folder, { recursive: true });
}

function randomBytesInto(file: string): void {
  writeFileSync(file, randomFillSync(Buffer.alloc(IMAGE_BYTES)));
}
