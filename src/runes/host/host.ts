// The rune host: loads, plans, starts in order, carries the calls between runes, sets aside what throws, stops in reverse. It lives in whatever
// thread start.ts put it in, and is the only one who knows which rune runs. Owns the cells and their states.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Member } from '../../cluster/cluster.ts';
import { errorLine, ViverError } from '../../errors.ts';
import { placeOfSetting } from '../settings/merged-settings.ts';
import type { Cell, Outside } from './cell.ts';
import { withDeadline } from './deadline.ts';
import { stopCell } from './foreign-cell.ts';
import { loadRunes, withOrigin } from './load.ts';
import {
  DEFAULT_LIMITS,
  type HostLimits,
  type HostOptions,
  MAX_UNCAUGHT_ERRORS,
  type RuneState,
  type RuneStatus,
  type SetAsideRune,
  type StartedRune,
  type StartReport,
} from './options.ts';
import { planRunes, type RunePlan } from './plan.ts';
import { type ChangeRecord, noFiles, recordChanges } from './record-changes.ts';
import { type GatedRunes, RoomGate } from './room-gate.ts';

interface Entry {
  readonly cell: Cell;
  readonly changes: ChangeRecord;
  state: RuneState;
  reason?: string;
  answered: number;
  failed: number;
  uncaughtErrors: number;
}

interface Call {
  readonly interfaceName: string;
  readonly method: string;
  readonly request: unknown;
}

export class RuneHost {
  readonly #options: HostOptions;
  readonly #limits: HostLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #changes = new Map<string, ChangeRecord>();
  readonly #current = new AsyncLocalStorage<string>();
  readonly #gate: RoomGate;
  #plan: RunePlan = { levels: [], providers: new Map(), faults: [] };

  constructor(options: HostOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const gated: GatedRunes = {
      running: () => this.#running(),
      manifests: () => [...this.#entries.values()].map(({ cell }) => cell.manifest),
      call: (rune, call, what, from) => this.#callRune(rune, call, what, from),
      tell: (rune, what, tell) => this.#tell(rune, what, tell),
    };
    this.#gate = new RoomGate(gated, options, this.#limits.callMs);
  }

  /** Loads, plans, names every fault, and then starts what can start. Never throws for the sake of a rune. */
  async start(): Promise<StartReport> {
    const { log, services = [] } = this.#options;
    const loaded = await loadRunes(this.#options, {
      limits: this.#limits,
      outside: (rune) => this.#outside(rune),
      onEnded: (rune, reason) => void this.#setAside(rune, reason, { isGone: true }),
    });
    const manifests = loaded.cells.map(({ manifest }) => manifest);
    this.#plan = planRunes(
      manifests,
      services.map(({ id }) => id),
    );
    const faults = [...loaded.faults, ...this.#plan.faults.map(({ message }) => message)];
    for (const fault of faults) log.error(fault);
    await this.#keepPlanned(loaded.cells);
    const started: StartedRune[] = [];
    for (const level of this.#plan.levels) {
      const results = await Promise.all(level.map((rune) => this.#startRune(rune)));
      started.push(...results.filter((result) => result !== undefined));
    }
    // Behind the starts: the engine costs a slow machine seconds, and a room without a boot server would wait for them.
    this.#gate.join();
    return { started, setAside: this.#setAsideRunes(), faults };
  }

  /** Stops what runs, in the reverse of the order of its start, each with its own deadline. */
  async stop(): Promise<void> {
    for (const level of this.#plan.levels.toReversed()) {
      await Promise.all(level.toReversed().map((rune) => this.#stopRune(rune)));
    }
    await this.#gate.leave().catch((error: unknown) => this.#options.log.warn(`leaving: ${errorLine(error)}`));
  }

  /** The machines of the room as this one sees them. */
  members(): readonly Member[] {
    return this.#gate.members();
  }

  /** Tries these addresses for members too. */
  meet(addresses: readonly string[]): void {
    this.#gate.meet(addresses);
  }

  status(): RuneStatus[] {
    return [...this.#entries].map(([rune, { cell, state, reason, answered, failed, uncaughtErrors }]) => ({
      rune,
      version: cell.manifest.version,
      origin: cell.manifest.origin,
      state,
      ...(reason === undefined ? {} : { reason }),
      answered,
      failed,
      uncaughtErrors,
      ...(cell.processId === undefined || state !== 'running' ? {} : { processId: cell.processId }),
    }));
  }

  /**
   * Takes an error that nobody caught in the host's thread. The rune whose callback threw it is known from the asynchronous context.
   * A built-in rune goes on: one bad packet must not take a room's DHCP away. Only one that keeps throwing is set aside.
   */
  uncaught(error: unknown): void {
    const rune = this.#current.getStore();
    const entry = rune === undefined ? undefined : this.#entries.get(rune);
    this.#options.log.error(`uncaught in rune ${rune ?? 'unknown'}: ${errorLine(error)}`);
    if (!entry || rune === undefined) return;
    entry.uncaughtErrors++;
    if (entry.uncaughtErrors >= MAX_UNCAUGHT_ERRORS)
      void this.#setAside(rune, `${entry.uncaughtErrors} uncaught errors`);
  }

  async #keepPlanned(cells: readonly Cell[]): Promise<void> {
    const planned = new Set(this.#plan.levels.flat());
    for (const cell of cells) {
      const { name } = cell.manifest;
      const isFirst = planned.has(name) && !this.#entries.has(name);
      if (!isFirst) await cell.end();
      else
        this.#entries.set(name, {
          cell,
          changes: this.#changesOf(name),
          state: 'stopped',
          answered: 0,
          failed: 0,
          uncaughtErrors: 0,
        });
    }
  }

  async #startRune(rune: string): Promise<StartedRune | undefined> {
    const entry = this.#entries.get(rune);
    if (!entry || entry.state === 'set-aside') return undefined;
    const { log, facts, settings = {} } = this.#options;
    const { manifest } = entry.cell;
    const absent = manifest.needs.find(({ name }) => this.#unavailable(name) !== undefined);
    if (absent) {
      await this.#setAside(rune, `needs ${absent.name}: ${this.#unavailable(absent.name)}`);
      return undefined;
    }
    const began = performance.now();
    try {
      const work = this.#current.run(rune, () => entry.cell.start({ facts, settings: settings[rune] }));
      await withDeadline(work, manifest.startTimeoutMs ?? this.#limits.startMs, `start of rune ${rune}`);
    } catch (error) {
      await this.#setAside(rune, this.#withPlace(rune, errorLine(error)));
      return undefined;
    }
    entry.state = 'running';
    this.#gate.runesChanged();
    const milliseconds = Math.round(performance.now() - began);
    const changed = entry.changes.changed();
    log.info(
      `rune ${rune} started in ${milliseconds} ms${changed.length > 0 ? `; changed ${changed.join(', ')}` : ''}`,
    );
    return { rune, milliseconds, changed };
  }

  /** A setting that does not fit is mended where it is set. */
  #withPlace(rune: string, reason: string): string {
    const place = placeOfSetting(reason, this.#options.settingPlaces?.[rune]);
    return place === undefined ? reason : `${reason}; it is set in ${place}`;
  }

  async #stopRune(rune: string): Promise<void> {
    const entry = this.#entries.get(rune);
    if (entry?.state !== 'running') return;
    entry.state = 'stopped';
    this.#gate.runesChanged();
    try {
      await stopCell(entry.cell, entry.cell.manifest.stopTimeoutMs ?? this.#limits.stopMs);
    } catch (error) {
      this.#options.log.warn(`rune ${rune} did not stop cleanly: ${errorLine(error)}`);
    }
  }

  /** Quarantine: the rune answers no more, who needs it gets the reason, the host lives. */
  async #setAside(rune: string, reason: string, { isGone = false } = {}): Promise<void> {
    const entry = this.#entries.get(rune);
    if (!entry || entry.state === 'set-aside') return;
    const canStop = entry.state === 'running' && !isGone;
    entry.state = 'set-aside';
    entry.reason = reason;
    this.#gate.runesChanged();
    this.#options.log.error(`rune ${rune} is set aside: ${withOrigin(reason, entry.cell.manifest.origin)}`);
    // A rune that ran gets its chance to close what it has open; one that is gone, or hangs, has none.
    await (canStop ? stopCell(entry.cell, this.#limits.stopMs) : entry.cell.end()).catch((error: unknown) => {
      this.#options.log.warn(`rune ${rune}, set aside, did not stop cleanly: ${errorLine(error)}`);
    });
  }

  #setAsideRunes(): SetAsideRune[] {
    return this.status()
      .filter(({ state }) => state === 'set-aside')
      .map(({ rune, reason = '' }) => ({ rune, reason }));
  }

  /** Why nobody answers for an interface now; undefined when somebody does. */
  #unavailable(interfaceName: string): string | undefined {
    if (this.#options.services?.some(({ id }) => id.name === interfaceName)) return undefined;
    const rune = this.#plan.providers.get(interfaceName);
    const entry = rune === undefined ? undefined : this.#entries.get(rune);
    if (!entry) return 'no rune offers it';
    if (entry.state === 'running') return undefined;
    return entry.state === 'set-aside' ? `rune ${rune} is set aside: ${entry.reason}` : `rune ${rune} does not run`;
  }

  #outside(rune: string): Outside {
    return {
      log: this.#options.log.child(rune),
      files: this.#changesOf(rune).files,
      call: (interfaceName, method, request, timeoutMs) =>
        this.#carry(rune, { interfaceName, method, request }, timeoutMs),
      emit: (interfaceName, event, data) => this.#gate.emit(rune, interfaceName, event, data),
      room: (request) => this.#gate.ask(rune, request),
    };
  }

  #changesOf(rune: string): ChangeRecord {
    const record = this.#changes.get(rune) ?? recordChanges(this.#options.files ?? noFiles);
    this.#changes.set(rune, record);
    return record;
  }

  /** One call from a rune to whoever offers the interface, within the time limit. */
  async #carry(from: string, call: Call, timeoutMs = this.#limits.callMs): Promise<unknown> {
    const { interfaceName, method, request } = call;
    const what = `${from} asks ${interfaceName}.${method}`;
    const service = this.#options.services?.find(({ id }) => id.name === interfaceName);
    const to = service ? 'the host' : (this.#plan.providers.get(interfaceName) ?? '');
    const work = service ? () => service.call(method, request) : () => this.#callRune(to, call, what);
    const reply = await withDeadline(work(), timeoutMs, what);
    this.#options.onCall?.({ from, to, call: `${interfaceName}.${method}`, request, reply });
    return reply;
  }

  async #callRune(rune: string, call: Call, what: string, by?: Member): Promise<unknown> {
    const { interfaceName, method, request } = call;
    const entry = this.#entries.get(rune);
    const why = this.#unavailable(interfaceName);
    if (!entry || why !== undefined) throw new ViverError('RUNES_NOT_RUNNING', `${what}: ${why}`);
    try {
      const reply = await this.#current.run(rune, () => entry.cell.call(interfaceName, method, request, by));
      entry.answered++;
      return reply;
    } catch (error) {
      entry.failed++;
      throw error;
    }
  }

  #running(): ReadonlyMap<string, Cell> {
    return new Map(
      [...this.#entries].flatMap(([rune, { cell, state }]) => (state === 'running' ? [[rune, cell]] : [])),
    );
  }

  #tell(rune: string, what: string, tell: () => void): void {
    try {
      this.#current.run(rune, tell);
    } catch (error) {
      this.#options.log.warn(`rune ${rune} threw on ${what}: ${errorLine(error)}`);
    }
  }
}
