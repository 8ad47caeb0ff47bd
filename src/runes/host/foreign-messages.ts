// What a foreign rune's process and its host say to each other (message-link.ts), and how much memory such a process may take. Types and limits only.

import type { LogLevel } from '../../log.ts';
import type { Member } from '../contract/room.ts';
import type { RootFiles } from '../contract/root-files.ts';

/** V8's heap in a foreign rune's process, without its nursery. */
export const HEAP_MEBIBYTES = 64;
/** All that a foreign rune may take on top of a Node that has just started: heap, byte arrays, stacks of threads. */
export const MEMORY_BYTES = 192 * 1024 * 1024;

export interface FilesRequest {
  readonly method: keyof RootFiles;
  readonly args: readonly unknown[];
}

export interface CallMessage {
  readonly interfaceName: string;
  readonly method: string;
  readonly request: unknown;
  readonly timeoutMs?: number;
  /** To a rune: the machine that asks by way of the room. */
  readonly from?: Member;
}

export interface EventMessage {
  readonly interfaceName: string;
  readonly event: string;
  readonly data: unknown;
  readonly from?: Member;
}

export interface LogMessage {
  readonly level: LogLevel;
  readonly message: string;
}
