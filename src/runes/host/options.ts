// What a rune host is given, how long it waits, and what it reports. Types and named limits only.

import type { Member } from '../../cluster/cluster.ts';
import type { Log } from '../../log.ts';
import type { Facts } from '../contract/facts.ts';
import type { InterfaceId } from '../contract/manifest.ts';
import type { RootFiles } from '../contract/root-files.ts';
import type { AnyRune, Stage } from '../contract/rune.ts';
import type { MergedSettings } from '../settings/merged-settings.ts';
import type { JoinRoom } from './room.ts';

/** A rune from /etc/RUNES/runes of the image or the medium, read by the caller: the host never opens files of the new root itself. */
export interface RuneFile {
  /** For messages: `medium:/etc/RUNES/runes/printers.ts`. Its last part without ending is the rune's name. */
  readonly path: string;
  readonly text: string;
  /** The types were taken out already, whatever the path ends with. */
  readonly isJavaScript?: boolean;
}

/** An interface that the host process offers: the host asks `call`, wherever the process keeps it. */
export interface HostService {
  readonly id: InterfaceId;
  call(method: string, request: unknown): Promise<unknown>;
}

export interface HostLimits {
  readonly startMs: number;
  readonly stopMs: number;
  readonly callMs: number;
  /** How long a thread may be silent before it counts as hung. */
  readonly silenceMs: number;
}

export const DEFAULT_LIMITS: HostLimits = { startMs: 30_000, stopMs: 5_000, callMs: 5_000, silenceMs: 60_000 };

/** Uncaught errors of a built-in rune's own callbacks before it is set aside; a foreign rune is set aside at the first. */
export const MAX_UNCAUGHT_ERRORS = 10;

export interface HostOptions {
  readonly stage: Stage;
  /** The names that the role resolves to, in the table's order. */
  readonly runes: readonly string[];
  readonly builtin: BuiltinRunes;
  readonly foreign?: readonly RuneFile[];
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Where a file has them: rune -> key -> `FILE:LINE`. */
  readonly settingPlaces?: MergedSettings['places'];
  readonly facts: Facts;
  readonly services?: readonly HostService[];
  /** The new root; stage `configure` only. */
  readonly files?: RootFiles;
  /** The room that this machine is to be a member of; stage `serve` only. */
  readonly room?: { readonly join: JoinRoom; readonly onMembers?: (members: readonly Member[]) => void };
  readonly log: Log;
  readonly limits?: Partial<HostLimits>;
  /** Told of every call that was answered. */
  readonly onCall?: (record: CallRecord) => void;
}

/** One call between runes, as the host carried it. */
export interface CallRecord {
  readonly from: string;
  readonly to: string;
  /** `address-keeper.offer` */
  readonly call: string;
  readonly request: unknown;
  readonly reply: unknown;
}

/** Name -> loader, so that only the runes of the role are read. */
export type BuiltinRunes = Readonly<Record<string, () => Promise<AnyRune>>>;

export interface StartedRune {
  readonly rune: string;
  readonly milliseconds: number;
  /** Files of the new root that it wrote or removed. */
  readonly changed: readonly string[];
}

export interface SetAsideRune {
  readonly rune: string;
  readonly reason: string;
}

/** What start() did; plain data. */
export interface StartReport {
  readonly started: readonly StartedRune[];
  readonly setAside: readonly SetAsideRune[];
  /** Found before anything started. */
  readonly faults: readonly string[];
}

export type RuneState = 'running' | 'set-aside' | 'stopped';

export interface RuneStatus {
  readonly rune: string;
  readonly version: number;
  readonly origin: string;
  readonly state: RuneState;
  readonly reason?: string;
  /** Calls answered, and calls that failed or timed out. */
  readonly answered: number;
  readonly failed: number;
  readonly uncaughtErrors: number;
  /** Of a rune that has a process of its own; the others share the host's thread. */
  readonly processId?: number;
}
