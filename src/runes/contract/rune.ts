// defineRune: one module, one rune. A rune has a name, a stage, the interfaces it offers and needs, and a start function that gets everything
// it may touch as `ctx`. It keeps its own state; other runes reach it by messages only. Pure.

import type { $ZodType, input, output } from 'zod/v4/core';
import { ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Facts } from './facts.ts';
import { type AnyInterface, assertNamed, type Client, type Handlers, isSchema } from './interface.ts';
import type { Found, Member, MemberChange, OfferLabels, RoomListener, Where } from './room.ts';
import type { RootFiles } from './root-files.ts';

/** `configure`: once, before the handover, on the new root. `serve`: from the handover until shutdown. */
export const STAGES = ['configure', 'serve'] as const;
export type Stage = (typeof STAGES)[number];

/** What a rune sees. Everything else (the field, other runes, the machine) is reached through it. */
export interface RuneContext<
  Offers extends AnyInterface = AnyInterface,
  Needs extends AnyInterface = AnyInterface,
  Settings = unknown,
  Seeks extends AnyInterface = AnyInterface,
> {
  /** The rune's own. */
  readonly name: string;
  /** What is known of the machine. */
  readonly facts: Facts;
  /** Checked by the rune's schema, defaults put in. */
  readonly settings: Settings;
  /** `debug`, `info`, `warn`, `error`: a line each in the journal, under the rune's name. */
  readonly log: Log;
  /** Aborted when the rune is to stop. */
  readonly signal: AbortSignal;
  /** The new root; only in stage `configure`. Each change is remembered under the rune's name. */
  readonly files: RootFiles;
  /** A client of an interface among `needs`. */
  ask<I extends Needs>(needed: I): Client<I>;
  /** Gives the implementation of an interface among `offers`; due before start() ends. */
  offer<I extends Offers>(offered: I, handlers: Handlers<I>): void;
  /** Tells an event of an interface among `offers` to whoever listens. */
  emit<I extends Offers, K extends keyof I['events'] & string>(offered: I, event: K, data: input<I['events'][K]>): void;
  /** Listens to an event of an interface among `needs`. */
  on<I extends Needs, K extends keyof I['events'] & string>(
    needed: I,
    event: K,
    listener: (data: output<I['events'][K]>) => void,
  ): void;
  /** Listens to an event of an interface among `seeks`: what any machine's rune tells, this one's too. */
  on<I extends Seeks, K extends keyof I['events'] & string>(sought: I, event: K, listener: RoomListener<I, K>): void;
  /** An offer of an interface among `seeks`, the best by `where`; undefined when nobody in the room has one. */
  find<I extends Seeks>(sought: I, where?: Where): Promise<Found<I> | undefined>;
  /** All of them, the best first. */
  findAll<I extends Seeks>(sought: I, where?: Where): Promise<Found<I>[]>;
  /** Says what is true now of an own offer whose reach is the room. */
  label<I extends Offers>(offered: I, now: OfferLabels): void;
  /** The machines of the room, this one among them. */
  members(): Promise<readonly Member[]>;
  /** Is told of machines that come, change and go, from now on. */
  onMember(listener: (change: MemberChange) => void): void;
}

/** What start() may leave behind. */
export interface Started {
  stop?(): void | Promise<void>;
}

export interface Rune<
  Offers extends readonly AnyInterface[] = readonly AnyInterface[],
  Needs extends readonly AnyInterface[] = readonly AnyInterface[],
  Settings extends $ZodType = $ZodType,
  Seeks extends readonly AnyInterface[] = readonly AnyInterface[],
> {
  /** Lower-case words joined by `-`; the file is called the same. */
  readonly name: string;
  /** 1, 2, 3 …: the author's own count. */
  readonly version: number;
  /** `configure`: once, before the system starts. `serve`: from then until shutdown. */
  readonly stage: Stage;
  /** One line for `viver runes list`. */
  readonly summary?: string;
  /** Interfaces that it answers for. */
  readonly offers: Offers;
  /** Interfaces of other runes of this machine, which start before it; without them it does not start. */
  readonly needs: Needs;
  /** Interfaces of reach `room` that it looks for on all machines; that nobody offers one is no fault. */
  readonly seeks?: Seeks;
  /** Runes that, when they run too, start before this one: order without messages. */
  readonly after?: readonly string[];
  /** A schema of zod: what `RUNES/settings` may say of it. */
  readonly settings?: Settings;
  /** How long its start may take; 30 s unless it says more. */
  readonly startTimeoutMs?: number;
  /** How long its stop may take; 5 s unless it says more. */
  readonly stopTimeoutMs?: number;
  /** Does the work of stage `configure`; sets up what a rune of stage `serve` answers with. */
  start(
    ctx: RuneContext<Offers[number], Needs[number], output<Settings>, Seeks[number]>,
    // biome-ignore lint/suspicious/noConfusingVoidType: a rune that keeps nothing running returns nothing.
  ): Started | void | Promise<Started | void>;
}

// biome-ignore lint/suspicious/noExplicitAny: the host handles runes of every type alike.
export type AnyRune = Rune<readonly any[], readonly any[], any, readonly any[]>;

/**
 * Declares a rune and checks what TypeScript cannot when the file is JavaScript.
 * @throws ViverError RUNES_BAD_NAME, RUNES_BAD_VERSION, RUNES_BAD_RUNE.
 */
export function defineRune<
  const Offers extends readonly AnyInterface[],
  const Needs extends readonly AnyInterface[],
  Settings extends $ZodType = $ZodType<Record<string, unknown>>,
  const Seeks extends readonly AnyInterface[] = readonly [],
>(rune: Rune<Offers, Needs, Settings, Seeks>): Rune<Offers, Needs, Settings, Seeks> {
  assertNamed('rune', rune);
  const fault = runeFault(rune);
  if (fault) throw new ViverError('RUNES_BAD_RUNE', `rune ${rune.name}: ${fault}`);
  return Object.freeze({ ...rune });
}

function runeFault(rune: AnyRune): string | undefined {
  if (!STAGES.includes(rune.stage)) return `stage '${rune.stage}' is none of ${STAGES.join(', ')}`;
  if (typeof rune.start !== 'function') return 'start is not a function';
  if (rune.settings !== undefined && !isSchema(rune.settings)) return 'settings is no schema such as z.object';
  for (const [list, items] of Object.entries({ offers: rune.offers, needs: rune.needs, seeks: rune.seeks ?? [] })) {
    const faulty = !Array.isArray(items) || items.some((item: AnyInterface) => typeof item?.calls !== 'object');
    if (faulty) return `${list} is not a list of interfaces`;
  }
  const local = rune.seeks?.find((item: AnyInterface) => item.reach !== 'room');
  return local ? `seeks ${local.name}, which no other machine offers: its reach is not 'room'` : undefined;
}
