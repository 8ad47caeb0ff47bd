// Takes nbdkit's place in libnbd's own tests: understands the part of its command line that they use, and serves what its plugins `null`, `memory`,
// `zero` and `pattern` would, read-only, by our server. What it does not understand it refuses with status 1, as nbdkit does with a plugin that is not installed.
//
//   stand-in.ts [-s | -U PATH|- | -p PORT] [-P PIDFILE] [-e NAME] [--run COMMAND] [--filter=delay] PLUGIN [[size=]SIZE] [delay-read=SECONDS]

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLog } from '../../../src/log.ts';
import type { BlockSource } from '../../../src/vfield/block-source.ts';
import { openFileSource } from '../../../src/vfield/file-source.ts';
import { listenNbd } from '../../../src/vfield/nbd/listener.ts';
import { type NbdExport, serveNbd } from '../../../src/vfield/nbd/server.ts';
import { slow } from '../../programs/faults.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };
const NBD_PORT = 10_809;
/** Of nbdkit's plugins without a size of their own. */
const NO_BYTES = 0;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    s: { type: 'boolean', short: 's' },
    f: { type: 'boolean', short: 'f' },
    v: { type: 'boolean', short: 'v' },
    n: { type: 'boolean', short: 'n' },
    r: { type: 'boolean', short: 'r' },
    unix: { type: 'string', short: 'U' },
    port: { type: 'string', short: 'p' },
    pidfile: { type: 'string', short: 'P' },
    exportname: { type: 'string', short: 'e', default: '' },
    filter: { type: 'string', multiple: true, default: [] },
    run: { type: 'string' },
    'exit-with-parent': { type: 'boolean' },
    'dump-plugin': { type: 'boolean' },
    'dump-config': { type: 'boolean' },
    'no-sr': { type: 'boolean' },
    version: { type: 'boolean' },
  },
});
if (values.version) process.exit(0);
if (values['dump-config']) {
  console.log('version_minor=32');
  process.exit(0);
}
if (values['dump-plugin']) {
  // What nbdkit prints where these flags can be asked for: they are answered here as well.
  console.log('has_can_fast_zero=1\nhas_can_cache=1');
  process.exit(0);
}
if (values.filter.some((name) => name !== 'delay')) throw new Error(`filter ${values.filter}`);

const exports = await exportsOf(positionals);
const options = { log: silentLog };
if (values.s) {
  const session = serveNbd(
    exports,
    new Socket({ fd: 0, readable: true, writable: true, allowHalfOpen: true }),
    options,
  );
  await session.closed;
  process.exit(0);
}
if (process.env.LISTEN_FDS === '1') {
  // systemd's socket activation: the socket that listens is there already.
  createServer({ allowHalfOpen: true }, (socket) => serveNbd(exports, socket, options)).listen({ fd: 3 });
  await new Promise(() => setInterval(() => {}, 1000));
}
const folder = mkdtempSync(join(tmpdir(), 'viver-libnbd-'));
const path = values.unix === '-' ? join(folder, 'socket') : values.unix;
const listener = await listenNbd(
  exports,
  path ? { path } : { host: '::', port: Number(values.port ?? NBD_PORT) },
  options,
);
if (values.pidfile) writeFileSync(values.pidfile, `${process.pid}\n`);
// --exit-with-parent
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(0), 500);
if (values.run !== undefined) await runBeside(values.run);

/** Runs COMMAND with the socket's place in its environment, and ends as it ends. */
async function runBeside(command: string): Promise<never> {
  const uri = path ? `nbd+unix://?socket=${path}` : `nbd://localhost:${values.port}`;
  const env = { ...process.env, unixsocket: path ?? '', uri, exportname: values.exportname };
  // nbdkit gives the command these as shell variables.
  const child = spawn('sh', ['-c', command], { env, stdio: 'inherit' });
  const status = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  await listener.close();
  rmSync(folder, { recursive: true });
  process.exit(status);
}

async function exportsOf([plugin, ...parameters]: string[]): Promise<NbdExport[]> {
  if (plugin !== 'file') return [{ name: values.exportname, source: sourceOf([plugin!, ...parameters]) }];
  const [, name = parameters[0]!] = /^(?:file|dir)=(.*)$/.exec(parameters[0] ?? '') ?? [];
  if (!parameters[0]?.startsWith('dir=')) return [{ name: values.exportname, source: await openFileSource(name) }];
  const files = readdirSync(name, { withFileTypes: true }).filter((file) => file.isFile());
  return Promise.all(
    files.map(async (file) => ({ name: file.name, source: await openFileSource(join(name, file.name)) })),
  );
}

function sourceOf([plugin = '', ...parameters]: string[]): BlockSource {
  const named = new Map(parameters.map((text) => text.split('=', 2) as [string, string]));
  const bare = parameters.find((text) => /^\d/.test(text));
  // The script of libnbd's tests of flags has 1 MiB of zeros.
  const bytes =
    plugin === 'sh' && /eflags/.test(bare ?? parameters[0] ?? '') ? 2 ** 20 : sizeOf(named.get('size') ?? bare);
  if (!['null', 'memory', 'zero', 'pattern', 'sh'].includes(plugin) || (plugin === 'sh' && bytes !== 2 ** 20)) {
    throw new Error(`plugin ${plugin}`);
  }
  const source = plugin === 'pattern' ? patternSource(bytes) : zeroSource(bytes);
  const delay = named.get('delay-read') ?? named.get('rdelay');
  return delay === undefined ? source : slow(source, Number(delay) * 1000);
}

function sizeOf(text: string | undefined): number {
  if (text === undefined) return NO_BYTES;
  const match = /^(\d+)([kmgtp]?)$/i.exec(text);
  if (!match) throw new Error(`size ${text}`);
  return Number(match[1]) * UNITS[match[2]!.toLowerCase()]!;
}

function zeroSource(sizeBytes: number): BlockSource {
  return { sizeBytes, read: async (_, lengthBytes) => new Uint8Array(lengthBytes) };
}

/** Each 8 bytes are their own place, as a number. */
function patternSource(sizeBytes: number): BlockSource {
  return {
    sizeBytes,
    read: async (offsetBytes, lengthBytes) => {
      const first = Math.floor(offsetBytes / 8) * 8;
      const words = Buffer.alloc(Math.ceil((offsetBytes + lengthBytes - first) / 8) * 8);
      for (let at = 0; at < words.length; at += 8) words.writeBigUInt64BE(BigInt(first + at), at);
      return words.subarray(offsetBytes - first, offsetBytes - first + lengthBytes);
    },
  };
}
