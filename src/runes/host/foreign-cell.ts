// A foreign rune's cell, seen from the host: a thread of its own with a memory limit, reached by messages only. When the thread hangs, exits, throws
// or allocates without end, the thread goes and the host lives. Owns the worker; the rune's own end is foreign-rune.worker.ts.

import { Worker } from 'node:worker_threads';
import { ViverError } from '../../errors.ts';
import type { LogLevel } from '../../log.ts';
import type { RuneManifest } from '../contract/manifest.ts';
import type { RootFiles } from '../contract/root-files.ts';
import type { Cell, Outside, StartData } from './cell.ts';
import { withDeadline } from './deadline.ts';
import { MessageLink } from './message-link.ts';
import type { HostLimits, RuneFile } from './options.ts';
import { endThread, watch } from './watch.ts';

/** V8's heap of one foreign rune. Byte arrays outside of the heap are not covered by it. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

export interface FilesRequest {
  readonly method: keyof RootFiles;
  readonly args: readonly unknown[];
}

export interface CallMessage {
  readonly interfaceName: string;
  readonly method: string;
  readonly request: unknown;
  readonly timeoutMs?: number;
}

export interface EventMessage {
  readonly interfaceName: string;
  readonly event: string;
  readonly data: unknown;
}

export interface LogMessage {
  readonly level: LogLevel;
  readonly message: string;
}

export class ForeignCell implements Cell {
  readonly manifest: RuneManifest;
  readonly #worker: Worker;
  readonly #link: MessageLink;
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(
    manifest: RuneManifest,
    worker: Worker,
    link: MessageLink,
    silenceMs: number,
    onEnded: (reason: string) => void,
  ) {
    this.manifest = manifest;
    this.#worker = worker;
    this.#link = link;
    this.#heartbeat = setInterval(() => this.#listenForHeart(silenceMs, onEnded), silenceMs);
    this.#heartbeat.unref();
  }

  /**
   * Starts a thread, loads the rune in it and learns what it is; nothing of it is started.
   * @throws ViverError RUNES_TIMEOUT, RUNES_GONE, RUNES_BAD_RUNE; and what the file itself throws.
   */
  static async open(
    name: string,
    file: RuneFile,
    outside: Outside,
    limits: HostLimits,
    onEnded: (reason: string) => void,
  ): Promise<ForeignCell> {
    const worker = new Worker(new URL('./foreign-rune.worker.ts', import.meta.url), {
      workerData: file,
      resourceLimits: RESOURCE_LIMITS,
      name: `rune ${name}`,
    });
    const link = new MessageLink(worker, handlersFor(outside));
    watch(worker, (reason) => {
      link.close(`rune ${name} ${reason}`);
      onEnded(reason);
    });
    try {
      const manifest = (await link.ask('load', undefined, limits.startMs)) as RuneManifest;
      if (manifest.name !== name)
        throw new ViverError('RUNES_BAD_RUNE', `${file.path} holds a rune named ${manifest.name}`);
      return new ForeignCell(manifest, worker, link, limits.silenceMs, onEnded);
    } catch (error) {
      await endThread(worker);
      throw error;
    }
  }

  /** @throws ViverError RUNES_THREW and whatever the rune's start gives; RUNES_GONE. */
  async start(data: StartData): Promise<void> {
    await this.#link.ask('start', data);
  }

  call(interfaceName: string, method: string, request: unknown): Promise<unknown> {
    return this.#link.ask('call', { interfaceName, method, request } satisfies CallMessage);
  }

  deliver(interfaceName: string, event: string, data: unknown): void {
    this.#link.tell('event', { interfaceName, event, data } satisfies EventMessage);
  }

  async stop(): Promise<void> {
    await this.#link.ask('stop', undefined);
  }

  async end(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#worker.removeAllListeners('exit');
    this.#link.close(`rune ${this.manifest.name} was ended`);
    await endThread(this.#worker);
  }

  /** A thread that does not answer this within the limit is in an endless loop. */
  #listenForHeart(silenceMs: number, onEnded: (reason: string) => void): void {
    this.#link.ask('ping', undefined, silenceMs).catch(() => {
      clearInterval(this.#heartbeat);
      onEnded(`is silent for ${silenceMs} ms`);
    });
  }
}

function handlersFor(outside: Outside) {
  return {
    ask: {
      call: ({ interfaceName, method, request, timeoutMs }: CallMessage) =>
        outside.call(interfaceName, method, request, timeoutMs),
      files: ({ method, args }: FilesRequest) => callFiles(outside.files, method, args),
    },
    tell: {
      emit: ({ interfaceName, event, data }: EventMessage) => outside.emit(interfaceName, event, data),
      log: ({ level, message }: LogMessage) => outside.log[level]?.(String(message)),
    },
  };
}

const FILE_METHODS: ReadonlySet<string> = new Set(['readText', 'writeText', 'exists', 'remove', 'list', 'symlink']);

async function callFiles(files: RootFiles, method: keyof RootFiles, args: readonly unknown[]): Promise<unknown> {
  if (!FILE_METHODS.has(method)) throw new ViverError('RUNES_UNKNOWN_CALL', `files have no ${method}`);
  return (files[method] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
}

/** Stops a cell that may hang: asks, waits until the limit, then takes its thread away. */
export async function stopCell(cell: Cell, limitMs: number): Promise<void> {
  try {
    await withDeadline(cell.stop(), limitMs, `stop of rune ${cell.manifest.name}`);
  } finally {
    await cell.end();
  }
}
