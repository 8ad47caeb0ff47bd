// The process of one foreign rune. It limits itself, loads the rune from text that the host read (this process never opens files of the new root to load
// it), resolves `viver` and `zod` to ours, and lets the host drive the rune's cell by messages. What nobody catches here ends the process: Node
// says why on its way (last-words.ts).

import { registerHooks } from 'node:module';
import { Socket } from 'node:net';
import { ViverError } from '../../errors.ts';
import { createLog, type LogLevel } from '../../log.ts';
import { confineThisProcess, standBack } from '../../sys/confine-this-process.ts';
import type { MemberChange } from '../contract/room.ts';
import type { RootFiles } from '../contract/root-files.ts';
import { type AnyRune, defineRune } from '../contract/rune.ts';
import { LocalCell, type Outside, type StartData } from './cell.ts';
import {
  type CallMessage,
  type EventMessage,
  type FilesRequest,
  type LogMessage,
  MEMORY_BYTES,
} from './foreign-messages.ts';
import { FramePort } from './frame-port.ts';
import type { RunePlace } from './last-words.ts';
import { MessageLink } from './message-link.ts';
import type { RuneFile } from './options.ts';
import { lineIn, lineOf, placedError, runeUrlOf } from './rune-place.ts';

confineThisProcess(MEMORY_BYTES);

const viverUrl = new URL('../viver.ts', import.meta.url).href;

/** Lets Node import the rune's text under a URL of its own, and nothing else from there. */
function provide(file: RuneFile, url: string): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === url) return { url, shortCircuit: true };
      if (context.parentURL !== url || specifier.startsWith('node:')) return nextResolve(specifier, context);
      if (specifier === 'viver') return { url: viverUrl, shortCircuit: true };
      if (/^zod(\/|$)/.test(specifier)) return nextResolve(specifier, { ...context, parentURL: import.meta.url });
      throw new ViverError(
        'RUNES_BAD_IMPORT',
        `${file.path}:${lineOf(file.text, specifier)}: imports '${specifier}': a rune is one file, on 'viver', 'zod' and 'node:'`,
      );
    },
    load(wanted, context, nextLoad) {
      if (wanted !== url) return nextLoad(wanted, context);
      const format = /\.m?ts$/.test(file.path) && !file.isJavaScript ? 'module-typescript' : 'module';
      return { format, source: file.text, shortCircuit: true };
    },
  });
}

let place: RunePlace = { url: '', path: '' };
let cell: LocalCell | undefined;

function loaded(): LocalCell {
  if (cell) return cell;
  throw new ViverError('RUNES_BAD_RUNE', 'no rune is loaded');
}

async function load(file: RuneFile) {
  place = { url: runeUrlOf(file.path), path: file.path };
  provide(file, place.url);
  const { default: rune } = await importRune(place.url);
  if (!rune) throw new ViverError('RUNES_BAD_RUNE', `${file.path} has no default export`);
  cell = new LocalCell(defineRune(rune), file.path, outside);
  return cell.manifest;
}

async function importRune(url: string): Promise<{ default?: AnyRune }> {
  try {
    return (await import(url)) as { default?: AnyRune };
  } catch (error) {
    const hidesItsLine = error instanceof SyntaxError && lineIn(error.stack ?? '', url) === undefined;
    // V8 keeps the line of a syntax error to itself until nobody catches it.
    if (hidesItsLine) return endOf(error);
    throw placedError(error, url, place.path);
  }
}

function endOf(error: unknown): Promise<never> {
  setImmediate(() => {
    throw error;
  });
  return new Promise(() => {});
}

/** The machine waits for a start; what comes later does not keep anybody waiting. */
async function start(data: StartData): Promise<void> {
  await loaded()
    .start(data)
    .catch((error: unknown) => {
      throw placedError(error, place.url, place.path);
    });
  standBack();
}

const pipe = new Socket({ fd: 3 });
pipe.on('close', () => process.exit()); // without its host a rune is nobody's
const port = new FramePort(pipe, (reason) => {
  throw new ViverError('RUNES_GONE', `the host ${reason}`);
});
const link = new MessageLink(port, {
  ask: {
    load,
    settings: (given: unknown) => loaded().settings(given),
    start,
    call: ({ interfaceName, method, request, from }: CallMessage) =>
      loaded().call(interfaceName, method, request, from),
    stop: () => loaded().stop(),
    ping: () => undefined,
  },
  tell: {
    event: ({ interfaceName, event, data, from }: EventMessage) =>
      hear(() => loaded().deliver(interfaceName, event, data, from)),
    member: (change: MemberChange) => hear(() => loaded().member(change)),
  },
});

/** A listener that throws is the rune's own fault, and shall not pass for a message that makes no sense. */
function hear(listen: () => void): void {
  try {
    listen();
  } catch (error) {
    void endOf(error);
  }
}

const askFiles =
  (method: FilesRequest['method']) =>
  (...args: unknown[]) =>
    link.ask('files', { method, args } satisfies FilesRequest);

/** A line that the host has no room for is not worth an error. */
function say(level: LogLevel, message: string): void {
  try {
    link.tell('log', { level, message } satisfies LogMessage);
  } catch (error) {
    if (!(error instanceof ViverError)) throw error;
  }
}

const outside: Outside = {
  log: createLog((level, _area, message) => say(level, message), '', 'debug'),
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
  room: (request) => link.ask('room', request),
};
