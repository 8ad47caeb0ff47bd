// A foreign rune's cell, seen from the host: a process of its own with limits, reached by messages only. When it hangs, exits, throws, is killed or takes
// memory without end, it goes and the host lives (docs/decisions/0022-foreign-runes.md). Owns the process; its own end is foreign-rune.process.ts.

import { errorLine, ViverError } from '../../errors.ts';
import { type ConfinedProcess, type Ending, startConfined } from '../../sys/confined-process.ts';
import type { RuneManifest } from '../contract/manifest.ts';
import type { Member, MemberChange } from '../contract/room.ts';
import type { RootFiles } from '../contract/root-files.ts';
import type { Cell, Outside, StartData } from './cell.ts';
import { withDeadline } from './deadline.ts';
import {
  type CallMessage,
  type EventMessage,
  type FilesRequest,
  HEAP_MEBIBYTES,
  type LogMessage,
} from './foreign-messages.ts';
import { FramePort } from './frame-port.ts';
import { lastWords } from './last-words.ts';
import { MessageLink } from './message-link.ts';
import type { HostLimits, RuneFile } from './options.ts';
import { patientLog } from './patient-log.ts';
import { PrintedLines } from './printed-lines.ts';
import type { RoomRequest } from './room-request.ts';
import { runeUrlOf } from './rune-place.ts';

const PROGRAM = new URL('./foreign-rune.process.ts', import.meta.url);

export class ForeignCell implements Cell {
  readonly manifest: RuneManifest;
  readonly #process: RuneProcess;
  readonly #outside: Outside;
  #unreadEvents = 0;

  private constructor(manifest: RuneManifest, runeProcess: RuneProcess, outside: Outside) {
    this.manifest = manifest;
    this.#process = runeProcess;
    this.#outside = outside;
  }

  /**
   * Starts a process, loads the rune in it and learns what it is; nothing of it is started.
   * @throws ViverError RUNES_TIMEOUT, RUNES_GONE, RUNES_BAD_RUNE; and what the file itself throws.
   */
  static async open(
    name: string,
    file: RuneFile,
    outside: Outside,
    limits: HostLimits,
    onEnded: (reason: string) => void,
  ): Promise<ForeignCell> {
    const ownOutside = { ...outside, log: patientLog(outside.log) };
    const runeProcess = new RuneProcess(name, file, ownOutside, onEnded);
    try {
      const manifest = checkedManifest(await runeProcess.link.ask('load', file, limits.startMs), file.path);
      if (manifest.name !== name)
        throw new ViverError('RUNES_BAD_RUNE', `${file.path} holds a rune named ${manifest.name}`);
      runeProcess.listenForHeart(limits.silenceMs);
      return new ForeignCell(manifest, runeProcess, ownOutside);
    } catch (error) {
      await runeProcess.end();
      throw runeProcess.endReason === undefined ? error : new ViverError('RUNES_GONE', runeProcess.endReason);
    }
  }

  get processId(): number | undefined {
    return this.#process.processId;
  }

  settings(given: unknown): Promise<unknown> {
    return this.#process.link.ask('settings', given);
  }

  /** @throws ViverError RUNES_THREW and whatever the rune's start gives; RUNES_GONE. */
  async start(data: StartData): Promise<void> {
    await this.#process.link.ask('start', data);
  }

  call(interfaceName: string, method: string, request: unknown, from?: Member): Promise<unknown> {
    const message: CallMessage = { interfaceName, method, request };
    return this.#process.link.ask('call', from ? { ...message, from } : message);
  }

  deliver(interfaceName: string, event: string, data: unknown, from?: Member): void {
    const message: EventMessage = { interfaceName, event, data };
    this.#tell('event', from ? { ...message, from } : message);
  }

  member(change: MemberChange): void {
    this.#tell('member', change);
  }

  /** What the rune has no room for is dropped; the first of a row is said. */
  #tell(topic: string, message: EventMessage | MemberChange): void {
    try {
      this.#process.link.tell(topic, message);
      this.#unreadEvents = 0;
    } catch (error) {
      if (this.#unreadEvents++ === 0) this.#outside.log.warn(`events are dropped: ${errorLine(error)}`);
    }
  }

  async stop(): Promise<void> {
    await this.#process.link.ask('stop', undefined);
  }

  end(): Promise<void> {
    return this.#process.end();
  }
}

/** SIGKILL is sent once; a process that the kernel still keeps, in a read that never ends, is left to it. */
const END_LIMIT_MS = 2_000;

/** One process with the line to it, until it ends. */
class RuneProcess {
  readonly link: MessageLink;
  readonly processId: number | undefined;
  readonly #child: ConfinedProcess;
  readonly #onEnded: (reason: string) => void;
  #heartbeat: NodeJS.Timeout | undefined;
  #isOver = false;
  /** Why it ended by itself, if it did. */
  endReason: string | undefined;

  constructor(name: string, file: RuneFile, outside: Outside, onEnded: (reason: string) => void) {
    const { log } = outside;
    this.#child = startConfined(PROGRAM, [name], HEAP_MEBIBYTES);
    this.processId = this.#child.pid;
    this.#onEnded = onEnded;
    const said = new PrintedLines(this.#child.stdout, (line) => log.info(line));
    const printed = new PrintedLines(this.#child.stderr, (line) => log.warn(line));
    const port = new FramePort(this.#child.pipe, (reason) => this.#over(name, reason));
    this.link = new MessageLink(port, handlersFor(outside));
    const place = { url: runeUrlOf(file.path), path: file.path };
    void this.#child.ended.then((ending) => {
      const words = ending.status === 0 ? undefined : lastWords(printed.takeLast(), place);
      for (const lines of [said, printed]) lines.flush();
      this.#over(name, reasonOf(ending, words));
    });
  }

  /** A process that does not answer within the limit is in an endless loop. */
  listenForHeart(silenceMs: number): void {
    this.#heartbeat = setInterval(() => {
      this.link.ask('ping', undefined, silenceMs).catch(() => {
        clearInterval(this.#heartbeat);
        if (!this.#isOver) this.#onEnded(`is silent for ${silenceMs} ms`);
      });
    }, silenceMs);
    this.#heartbeat.unref();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#heartbeat);
    this.link.close('the rune was ended');
    this.#child.kill();
    await withDeadline(this.#child.ended, END_LIMIT_MS, 'end of a process').catch(() => {});
  }

  #over(name: string, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.endReason = reason;
    clearInterval(this.#heartbeat);
    this.#child.kill();
    this.link.close(`rune ${name} ${reason}`);
    this.#onEnded(reason);
  }
}

function reasonOf({ how }: Ending, words: string | undefined): string {
  return words === undefined ? `ended ${how}` : `ended with an error: ${words}`;
}

/** A process can be made to say anything; the planner trusts in these fields. */
function checkedManifest(value: unknown, path: string): RuneManifest {
  const manifest = value as RuneManifest;
  const isList = (list: unknown): list is unknown[] => Array.isArray(list);
  const isId = (id: unknown) => typeof (id as { name?: unknown } | null)?.name === 'string';
  const { name, offers, needs, seeks = [], after } = manifest ?? {};
  const interfaces = [offers, needs, seeks].every((list) => isList(list) && list.every(isId));
  const fits = typeof name === 'string' && isList(after) && interfaces;
  if (!fits) throw new ViverError('RUNES_BAD_RUNE', `${path} gives no description of a rune`);
  return { ...manifest, origin: path };
}

function handlersFor(outside: Outside) {
  return {
    ask: {
      call: ({ interfaceName, method, request, timeoutMs }: CallMessage) =>
        outside.call(interfaceName, method, request, timeoutMs),
      room: (request: RoomRequest) => outside.room(request),
      files: ({ method, args }: FilesRequest) => callFiles(outside.files, method, args),
    },
    tell: {
      emit: ({ interfaceName, event, data }: EventMessage) => outside.emit(interfaceName, event, data),
      log: ({ level, message }: LogMessage) => outside.log[level](String(message)),
    },
  };
}

const FILE_METHODS: ReadonlySet<string> = new Set(['readText', 'writeText', 'exists', 'remove', 'list', 'symlink']);

async function callFiles(files: RootFiles, method: keyof RootFiles, args: readonly unknown[]): Promise<unknown> {
  if (!FILE_METHODS.has(method)) throw new ViverError('RUNES_UNKNOWN_CALL', `files have no ${method}`);
  return (files[method] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
}

/** Stops a cell that may hang: asks, waits until the limit, then takes its process away. */
export async function stopCell(cell: Cell, limitMs: number): Promise<void> {
  try {
    await withDeadline(cell.stop(), limitMs, `stop of rune ${cell.manifest.name}`);
  } finally {
    await cell.end();
  }
}
