// Serves one file as NBD export "image" on a Unix socket, with faults on demand, for tests and measurements with real clients.
//
//   serve-nbd.ts SOCKET FILE [--memory] [--poll] [--pad BYTES] [--slow MILLISECONDS] [--reverse] [--chunk BYTES] [--fail-each N]
//
// Prints "ready" when it listens.

import { readFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { parseArgs } from 'node:util';
import { createLog } from '../../src/log.ts';
import { type BlockSource, bytesSource } from '../../src/vfield/block-source.ts';
import { openFileSource } from '../../src/vfield/file-source.ts';
import { listenNbd } from '../../src/vfield/nbd/listener.ts';
import { serveNbd } from '../../src/vfield/nbd/server.ts';
import { failingEach, reversed, slow } from './faults.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    memory: { type: 'boolean', default: false },
    poll: { type: 'boolean', default: false },
    reverse: { type: 'boolean', default: false },
    pad: { type: 'string', default: '1' },
    slow: { type: 'string' },
    chunk: { type: 'string' },
    'fail-each': { type: 'string' },
  },
});
const [path, file] = positionals;
if (!path || !file) throw new Error('usage: serve-nbd.ts SOCKET FILE [options]');

let source: BlockSource = values.memory ? bytesSource(await readFile(file)) : await openFileSource(file);
if (values.slow) source = slow(source, Number(values.slow));
if (values.reverse) source = reversed(source);
if (values['fail-each']) source = failingEach(source, Number(values['fail-each']));

const exports = [
  { name: 'image', description: 'the image under test', source },
  { name: 'small', source: bytesSource(new TextEncoder().encode('hello')) },
];
const log = createLog((level, area, message) => process.stderr.write(`${level} ${area} ${message}\n`), 'nbd', 'debug');
const options = { log, padToBytes: Number(values.pad), adaptivePolling: values.poll };

if (values.chunk) {
  const bytes = Number(values.chunk);
  createServer((socket) => serveNbd(exports, inChunks(socket, bytes), options)).listen(path, ready);
} else {
  await listenNbd(exports, { path }, options);
  ready();
}

function ready(): void {
  process.stdout.write('ready\n');
}

/** The socket with everything cut into pieces of at most `bytes`, both ways. */
function inChunks(socket: Socket, bytes: number): Duplex {
  const cut = function* (chunk: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < chunk.length; at += bytes) yield chunk.subarray(at, at + bytes);
  };
  const duplex = new Duplex({
    read() {
      socket.resume();
    },
    write(chunk: Uint8Array, _encoding, done) {
      for (const part of cut(chunk)) socket.write(part);
      if (socket.writableNeedDrain) socket.once('drain', () => done());
      else done();
    },
    final(done) {
      socket.end(done);
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    for (const part of cut(chunk as Uint8Array)) if (!duplex.push(part)) socket.pause();
  });
  socket.on('end', () => duplex.push(null));
  socket.on('error', (error) => duplex.destroy(error));
  socket.on('close', () => duplex.destroy());
  return duplex;
}
