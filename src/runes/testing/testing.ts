// What a rune's test imports as 'viver/testing': a rune at work on files in memory, with facts of the test's choice, whose other ends the test plays.
// It runs in the real host, so what is checked on a machine is checked here: schemas on both ends, needs, time limits.

import type { $ZodType } from 'zod/v4/core';
import { ViverError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import type { Facts } from '../contract/facts.ts';
import type { AnyInterface, Client, Handlers } from '../contract/interface.ts';
import { type AnyRune, defineRune, type RuneContext } from '../contract/rune.ts';
import { deskFacts } from '../desk/desk-facts.ts';
import { TestRoom } from '../desk/test-room.ts';
import { MemoryFiles, plantedFiles } from '../files/memory-files.ts';
import { startRuneHost } from '../host/start.ts';

export { deskFacts } from '../desk/desk-facts.ts';
export { TestRoom } from '../desk/test-room.ts';
export type { FileChange, FileNode } from '../files/memory-files.ts';

export interface StartRuneOptions {
  /** Laid over those of a made-up PC (`deskFacts`). */
  readonly facts?: Partial<Facts>;
  /** What the settings file would say of this rune. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The system's files: path -> text, or `-> target` for a symbolic link. */
  readonly files?: Readonly<Record<string, string>>;
  /** Runes that run beside it: real ones, or other ends that the test plays (`play`). */
  readonly beside?: readonly AnyRune[];
  /** The room that its machine is in, with others that were started in it; without it, the machine is alone. */
  readonly room?: TestRoom;
  /** The machine's name in the room. */
  readonly name?: string;
}

/** A rune that runs. */
export interface StartedRune {
  /** The system's files with what the rune changed; `files.changes()` lists it. */
  readonly files: MemoryFiles;
  /** What the rune said: `info: printers of …`. */
  readonly log: readonly string[];
  /** A client of an interface that the rune offers. */
  ask<I extends AnyInterface>(offered: I): Client<I>;
  /** What the rune has told by an event so far. */
  told(offered: AnyInterface, event: string): readonly unknown[];
  /** Stops it in order; its machine leaves the room. */
  stop(): Promise<void>;
  /** Pulls the machine's plug: the others of the room lose it. */
  pullPlug(): Promise<void>;
}

/**
 * Starts `rune` as the host of a machine does.
 * @throws ViverError RUNES_TEST_START with what the host says, when the rune does not start.
 */
export async function startRune(rune: AnyRune, options: StartRuneOptions = {}): Promise<StartedRune> {
  const files = new MemoryFiles(plantedFiles(options.files ?? {}));
  const lines: string[] = [];
  const ear = new Ear(rune);
  const runes = [...(options.beside ?? []), rune, ear.rune];
  const room = options.room ?? new TestRoom();
  const { name, ...joining } = room.machine(options.name);
  const host = await startRuneHost({
    role: 'test',
    stage: rune.stage,
    facts: { ...deskFacts('test'), ...options.facts },
    log: createLog((level, area, message) => area === rune.name && lines.push(`${level}: ${message}`), '', 'debug'),
    inWorker: false,
    builtin: runes,
    folders: [{ roles: { path: 'test', text: `test: ${runes.map(({ name }) => name).join(' ')}` }, runes: [] }],
    settings: options.settings ? { [rune.name]: options.settings } : {},
    ...(rune.stage === 'configure' ? { files } : joining),
  });
  const { faults, setAside } = host.report;
  const reasons = [...faults, ...setAside.filter((other) => other.rune !== ear.rune.name).map(({ reason }) => reason)];
  if (reasons.length > 0) {
    room.forget(name);
    await host.stop();
    throw new ViverError('RUNES_TEST_START', reasons.join('; '));
  }
  if (rune.stage === 'serve') await room.settled();
  return {
    files,
    log: lines,
    ask: (offered) => ear.ask(offered),
    told: (offered, event) => ear.told(offered, event),
    stop: async () => {
      room.forget(name);
      await host.stop();
    },
    pullPlug: async () => {
      room.lose(name);
      await host.stop();
    },
  };
}

/** A rune that the test writes in one line: it answers for `offered`, or only listens. */
export interface PlayedRune extends AnyRune {
  /** Tells an event of the interface to whoever listens. */
  tell(event: string, data: unknown): void;
}

/** Plays the other end of an interface that the rune under test needs. */
export function play<I extends AnyInterface>(
  offered: I,
  handlers: Handlers<I>,
  stage: AnyRune['stage'] = 'serve',
): PlayedRune {
  let context: RuneContext<I> | undefined;
  const rune = defineRune({
    name: `played-${offered.name}`,
    version: 1,
    stage,
    offers: [offered],
    needs: [],
    start(ctx) {
      context = ctx as unknown as RuneContext<I>;
      ctx.offer(offered, handlers as never);
    },
  });
  const tell = (event: string, data: unknown) => {
    if (!context) throw new ViverError('RUNES_NOT_RUNNING', `${rune.name} does not run yet`);
    context.emit(offered, event, data as never);
  };
  return { ...rune, tell };
}

/** The test's own ear and mouth in the room: a rune that needs whatever the rune under test offers. */
class Ear {
  readonly rune: AnyRune;
  readonly #heard = new Map<string, unknown[]>();
  #context: RuneContext | undefined;

  constructor({ offers, stage }: AnyRune) {
    this.rune = defineRune({
      name: 'the-test',
      version: 1,
      stage,
      offers: [],
      needs: offers as readonly AnyInterface[],
      start: (ctx) => this.#start(ctx as unknown as RuneContext, offers),
    });
  }

  ask<I extends AnyInterface>(offered: I): Client<I> {
    if (!this.#context) throw new ViverError('RUNES_NOT_RUNNING', 'the rune does not run');
    return this.#context.ask(offered) as Client<I>;
  }

  told(offered: AnyInterface, event: string): readonly unknown[] {
    return this.#heard.get(`${offered.name} ${event}`) ?? [];
  }

  #start(ctx: RuneContext, offers: readonly AnyInterface[]): void {
    this.#context = ctx;
    for (const offered of offers) {
      for (const event of Object.keys(offered.events as Record<string, $ZodType>)) {
        const heard: unknown[] = [];
        this.#heard.set(`${offered.name} ${event}`, heard);
        ctx.on(offered, event as never, (data) => heard.push(data));
      }
    }
  }
}
