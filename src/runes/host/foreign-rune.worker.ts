// The thread of one foreign rune. It loads the rune from text that the host read (this thread never opens files of the new root to load
// it), resolves `viver` and `zod` to ours, and lets the host drive the rune's cell by messages.

import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { ViverError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import type { RootFiles } from '../contract/root-files.ts';
import { type AnyRune, defineRune } from '../contract/rune.ts';
import { LocalCell, type Outside, type StartData } from './cell.ts';
import type { CallMessage, EventMessage, FilesRequest, LogMessage } from './foreign-cell.ts';
import { MessageLink, type Port } from './message-link.ts';
import type { RuneFile } from './options.ts';
import { lineOf, placedError } from './rune-place.ts';

const file = workerData as RuneFile;
const runeUrl = `file:///RUNES/${encodeURIComponent(file.path)}`;
const viverUrl = new URL('../viver.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === runeUrl) return { url: runeUrl, shortCircuit: true };
    if (context.parentURL !== runeUrl || specifier.startsWith('node:')) return nextResolve(specifier, context);
    if (specifier === 'viver') return { url: viverUrl, shortCircuit: true };
    if (/^zod(\/|$)/.test(specifier)) return nextResolve(specifier, { ...context, parentURL: import.meta.url });
    throw new ViverError(
      'RUNES_BAD_IMPORT',
      `${file.path}:${lineOf(file.text, specifier)}: imports '${specifier}': a rune is one file, on 'viver', 'zod' and 'node:'`,
    );
  },
  load(url, context, nextLoad) {
    if (url !== runeUrl) return nextLoad(url, context);
    const format = /\.m?ts$/.test(file.path) ? 'module-typescript' : 'module';
    return { format, source: file.text, shortCircuit: true };
  },
});

let cell: LocalCell | undefined;

function loaded(): LocalCell {
  if (cell) return cell;
  throw new ViverError('RUNES_BAD_RUNE', `${file.path} is not loaded`);
}

async function load() {
  const { default: rune } = (await import(runeUrl).catch((error: unknown) => {
    throw placedError(error, runeUrl, file.path);
  })) as { default?: AnyRune };
  if (!rune) throw new ViverError('RUNES_BAD_RUNE', `${file.path} has no default export`);
  cell = new LocalCell(defineRune(rune), file.path, outside);
  return cell.manifest;
}

const link = new MessageLink(parentPort as Port, {
  ask: {
    load,
    start: (data: StartData) => loaded().start(data),
    call: ({ interfaceName, method, request }: CallMessage) => loaded().call(interfaceName, method, request),
    stop: () => loaded().stop(),
    ping: () => undefined,
  },
  tell: { event: ({ interfaceName, event, data }: EventMessage) => loaded().deliver(interfaceName, event, data) },
});

const askFiles =
  (method: FilesRequest['method']) =>
  (...args: unknown[]) =>
    link.ask('files', { method, args } satisfies FilesRequest);

const outside: Outside = {
  log: createLog((level, _area, message) => link.tell('log', { level, message } satisfies LogMessage), '', 'debug'),
  files: {
    readText: askFiles('readText'),
    writeText: askFiles('writeText'),
    exists: askFiles('exists'),
    remove: askFiles('remove'),
    list: askFiles('list'),
    symlink: askFiles('symlink'),
  } as RootFiles,
  call: (interfaceName, method, request, timeoutMs) =>
    link.ask('call', {
      interfaceName,
      method,
      request,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    } satisfies CallMessage),
  emit: (interfaceName, event, data) => link.tell('emit', { interfaceName, event, data } satisfies EventMessage),
};
