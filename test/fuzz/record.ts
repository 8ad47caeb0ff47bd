// Writes fixtures/recorded.json: what real clients say to us, from their first byte on. To be run by hand when a client's new version says something
// new:  unshare -n sh -c 'ip link set lo up; ip addr add 10.99.0.1/32 dev lo; node test/fuzz/record.ts'
// Needs libtorrent, aria2, transmission-cli, libnbd-bin, qemu-utils and nbd-client. Transmission connects to no peer at 127.0.0.1, hence the address.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTracker } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/log.ts';
import { bytesSource } from '../../src/vfield/block-source.ts';
import { systemClock } from '../../src/vfield/clock.ts';
import { openField } from '../../src/vfield/field.ts';
import { encodeMetainfo } from '../../src/vfield/metainfo.ts';
import { serveNbd } from '../../src/vfield/nbd/server.ts';
import { encodeExtendedHandshake, OwnExtension } from '../../src/vfield/peer/extension.ts';
import { tcpTransport } from '../../src/vfield/peer/tcp-transport.ts';
import { PeerWire } from '../../src/vfield/peer/wire.ts';
import { encodeTorrentFile } from '../../src/vfield/torrent-file.ts';
import type { DuplexHandlers } from '../../src/vfield/transport.ts';
import { fuzzImage } from './image.ts';

const HOST = '10.99.0.1';
/** Handshake, hellos, bitfield and some requests or the first blocks. */
const KEPT_BYTES = 24_000;
const LIBTORRENT = join(import.meta.dirname, '../interop/libtorrent-peer.py');

const image = await fuzzImage();
const folder = mkdtempSync(join(tmpdir(), 'viver-record-'));
const recorded: Record<string, string> = {};
const announces = new Set<string>();
/** What was heard on each connection since the client was started. */
let streams: Uint8Array[][] = [];

const listener = await tcpTransport.listen({ host: HOST, port: 0 }, (duplex) => {
  const wire: PeerWire = new PeerWire(duplex, systemClock, {
    onHandshake: (handshake) => {
      wire.greet({ ...handshake, peerId: new TextEncoder().encode('-VI0100-recorder....') });
      wire.send({ kind: 'haveAll' });
      wire.send({ kind: 'extended', extension: 0, payload: encodeExtendedHandshake({ extensions: OwnExtension }) });
      wire.send({ kind: 'unchoke' });
    },
    onMessage: (message) => {
      if (message.kind !== 'request') return;
      const start = message.piece * image.metainfo.pieceBytes + message.begin;
      wire.send({ ...message, kind: 'piece', bytes: image.bytes.subarray(start, start + message.length) });
    },
    onDrain: () => {},
    onClose: () => {},
  });
  return recording(wire.handlers);
});
const tracker = createTracker((request, response) => {
  announces.add(request.url ?? '');
  const peer = Buffer.from([10, 99, 0, 1, listener.port >> 8, listener.port & 255]);
  response.end(Buffer.concat([Buffer.from('d8:intervali60e5:peers6:'), peer, Buffer.from('e')]));
});
await new Promise<void>((resolve) => tracker.listen(0, HOST, resolve));
const announce = `http://${HOST}:${(tracker.address() as AddressInfo).port}/announce`;
const bytes = encodeMetainfo(image.metainfo);
const torrent = join(folder, 'fuzz.torrent');
const old = join(folder, 'old.torrent');
writeFileSync(torrent, encodeTorrentFile(bytes, { hybrid: true, announce: [announce] }));
writeFileSync(old, encodeTorrentFile(bytes, { announce: [announce] }));
mkdirSync(join(folder, 'seed'));
writeFileSync(join(folder, 'seed', 'fuzz.squashfs'), image.bytes);

const aria2 = ['--enable-dht=false', '--bt-enable-lpd=false', '--file-allocation=none', '--seed-time=0', '-q'];
const leech = join(folder, 'leech');
mkdirSync(leech);
await record(
  'libtorrent-leech',
  '/usr/bin/python3',
  LIBTORRENT,
  torrent,
  leech,
  '0',
  'leech',
  `${HOST}:${listener.port}`,
);
await record('aria2-leech', 'aria2c', ...aria2, `--dir=${join(folder, 'aria2')}`, torrent);
// It would try uTP first.
mkdirSync(join(folder, 'config'));
writeFileSync(join(folder, 'config/settings.json'), '{"utp-enabled":false,"dht-enabled":false,"lpd-enabled":false}');
await record(
  'transmission-leech',
  'transmission-cli',
  '-et',
  '-w',
  join(folder, 'old'),
  '-g',
  join(folder, 'config'),
  old,
);
await recordSeed(
  'libtorrent-seed',
  /listening (\d+)/,
  '/usr/bin/python3',
  LIBTORRENT,
  torrent,
  join(folder, 'seed'),
  '0',
  'seed',
);
await recordNbd();
recorded.announces = Buffer.from([...announces].join('\n')).toString('base64');

mkdirSync(join(import.meta.dirname, 'fixtures'), { recursive: true });
writeFileSync(join(import.meta.dirname, 'fixtures/recorded.json'), `${JSON.stringify(recorded, null, 1)}\n`);
rmSync(folder, { recursive: true });
process.exit(0);

/** Runs a client for at most 25 s and keeps what it said to the listener. */
async function record(name: string, program: string, ...args: string[]): Promise<void> {
  streams = [];
  const child = spawn(program, args, { stdio: 'ignore', timeout: 25_000, killSignal: 'SIGKILL' });
  await new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  keep(name);
}

/** The longest stream, from its start. */
function keep(name: string): void {
  const bytes = streams
    .map((stream) => Buffer.concat(stream))
    .reduce((a, b) => (a.length >= b.length ? a : b), Buffer.alloc(0));
  recorded[name] = bytes.subarray(0, KEPT_BYTES).toString('base64');
  console.log(`${name}: ${bytes.length} bytes`);
}

function recording(handlers: DuplexHandlers): DuplexHandlers {
  const stream: Uint8Array[] = [];
  streams.push(stream);
  return {
    ...handlers,
    onData: (chunk) => {
      stream.push(new Uint8Array(chunk));
      handlers.onData(chunk);
    },
  };
}

/** A seed of theirs, fetched from by a node of ours. */
async function recordSeed(name: string, listening: RegExp, program: string, ...args: string[]): Promise<void> {
  streams = [];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const port = await new Promise<string>((resolve) => {
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const match = listening.exec(output);
      if (match) resolve(match[1]!);
    });
  });
  const field = await openField({
    metainfo: image.metainfo,
    listen: { host: HOST, port: 0 },
    peers: [`127.0.0.1:${port}`],
    shareBytes: 0,
    discovery: false,
    log: silentLog,
    transport: {
      ...tcpTransport,
      connect: (address, owner) => tcpTransport.connect(address, (duplex) => recording(owner(duplex))),
    },
  });
  await field.source.read(0, 65_536);
  child.kill('SIGKILL');
  await field.close();
  keep(name);
}

async function recordNbd(): Promise<void> {
  const path = join(folder, 'nbd');
  const server = createServer((socket) => {
    const stream: Uint8Array[] = [];
    streams.push(stream);
    socket.on('data', (chunk) => stream.push(chunk as Uint8Array));
    serveNbd([{ name: 'fuzz', source: bytesSource(image.bytes) }], socket, { log: silentLog, padToBytes: 4096 });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const uri = `nbd+unix:///fuzz?socket=${path}`;
  await record('nbdinfo', 'nbdinfo', uri);
  await record('nbdinfo-list', 'nbdinfo', '--list', uri);
  await record('nbdcopy', 'nbdcopy', '--connections=1', uri, 'null:');
  await record('qemu-img', 'qemu-img', 'convert', '-f', 'raw', '-O', 'raw', uri, join(folder, 'copy'));
  await record('qemu-io', 'qemu-io', '-r', '-f', 'raw', uri, '-c', 'read 1000 5000', '-c', 'read 0 65536');
  await record('nbd-client', 'nbd-client', '-unix', path, '/dev/nbd0', '-N', 'fuzz');
  await record('nbd-client-list', 'nbd-client', '-l', '-unix', path);
  server.close();
}
