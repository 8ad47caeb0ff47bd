// Hardware detection, the facade: finds the devices, looks their modaliases up, loads the modules, until nothing new appears.
// Owns what has been seen; sysfs-scan.ts reads, resolve.ts answers, module-loads.ts loads.

import type { Log } from '../log.ts';
import type { Sys } from '../sys/sys.ts';
import { LoadSlots, type SlotLimits } from './load-slots.ts';
import { type ModuleArguments, NO_MODULE_ARGUMENTS } from './module-arguments.ts';
import { isThere, type LoadResult, ModuleLoads, type ModuleRecord } from './module-loads.ts';
import type { ModuleTables } from './module-tables.ts';
import { resolve } from './resolve.ts';
import { type Device, type OddFile, scanDevices } from './sysfs-scan.ts';

export interface HardwareOptions {
  readonly sys: Sys;
  /** Where sysfs is mounted: `/sys`. */
  readonly sysRoot: string;
  readonly tables: ModuleTables;
  /** The folder that holds `kernel/…/NAME.ko`. */
  readonly moduleRoot: string;
  readonly log: Log;
  /** From the kernel command line, see parseModuleArguments. */
  readonly moduleArguments?: ModuleArguments;
  readonly slots?: SlotLimits;
  /** Milliseconds; only differences count. */
  readonly now?: () => number;
}

export interface SettleOptions {
  /** Look once more after this long without anything new, for what takes its time (USB discs). Default: 0, do not wait. */
  readonly quietMs?: number;
  /** Do not wait for a module whose load takes longer than this. It goes on, and the report names it. Default: wait. */
  readonly patienceMs?: number;
  /**
   * Leave out what leads to no disc, network, keyboard or screen (ciphers of the processor, mice, sensors …): the real system loads it
   * just as well. A later call without this loads it.
   */
  readonly urgentOnly?: boolean;
}

export interface HardwareReport {
  readonly devices: readonly (Device & { readonly modules: readonly string[] })[];
  /** In the order in which they ended. */
  readonly modules: readonly ModuleRecord[];
  /** Modaliases that stand for no module we have: built in, not needed here, or lacking. */
  readonly unmatched: readonly string[];
  /** Modules that somebody wanted and that are not in this initrd. */
  readonly absent: readonly string[];
  /** Modaliases whose modules were left for later, see SettleOptions. */
  readonly postponed: readonly string[];
  /** Modules that modprobe.blacklist kept from a device. */
  readonly blacklisted: readonly string[];
  /** Modules that are still being loaded. */
  readonly pending: readonly string[];
  readonly cycles: readonly (readonly string[])[];
  readonly oddFiles: readonly OddFile[];
  readonly scans: number;
  readonly fileOperations: number;
}

/** While something is being loaded, sysfs is looked at neither after each module nor only at the end. */
const RESCAN_MS = 40;
const RESCAN_AT_LEAST_MS = 250;
/** Looking must not take the machine from the drivers: at most a third of the time goes into it. */
const REST_AFTER_SCAN = 2;

export class Hardware {
  readonly #options: HardwareOptions;
  readonly #now: () => number;
  readonly #loads: ModuleLoads;
  readonly #seen = new Set<string>();
  readonly #devices = new Map<string, Device>();
  /** Modalias -> modules, for each modalias met. */
  readonly #answers = new Map<string, readonly string[]>();
  readonly #postponed = new Set<string>();
  readonly #blacklisted = new Set<string>();
  readonly #oddFiles = new Map<string, OddFile>();
  #scans = 0;
  #scanMs = 0;
  #fileOperations = 0;

  constructor(options: HardwareOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#loads = new ModuleLoads({
      ...options,
      moduleArguments: options.moduleArguments ?? NO_MODULE_ARGUMENTS,
      slots: new LoadSlots(options.slots, this.#now),
      now: this.#now,
    });
  }

  /** Scans, matches and loads until nothing new appears. May be called again: only new devices cost anything. Never rejects. */
  async settle(options: SettleOptions = {}): Promise<HardwareReport> {
    const patienceMs = options.patienceMs ?? Number.POSITIVE_INFINITY;
    for (let quiet = false; ; ) {
      const ended = this.#loads.records.size;
      const news = await this.#scanOnce();
      if (!options.urgentOnly && this.#waitingFor(Math.min(LEISURE_MS, patienceMs)) === 0) this.#wantPostponed();
      if (this.#waitingFor(patienceMs) > 0) {
        await this.#untilProgress(patienceMs);
        quiet = false;
        // A module that came during the scan may have brought what the scan was too early for.
      } else if (news > 0 || this.#loads.records.size > ended) quiet = false;
      else if (quiet || !options.quietMs) return this.report();
      else {
        await sleep(options.quietMs);
        quiet = true;
      }
    }
  }

  /**
   * Loads by name or alias, with parameters if there are any: `ext4`, `nbd max_part=0`, `crypto-crc32c`. Where an alias stands for
   * several modules all are loaded, and one that works is enough. Never rejects.
   */
  async load(request: string): Promise<LoadResult> {
    const [name = '', ...parameters] = request.trim().split(/\s+/);
    const names = resolve(this.#options.tables, name);
    if (names.length === 0) return this.#loads.load(name.replaceAll('-', '_'), 'a request by name');
    const words = parameters.length > 0 ? parameters.join(' ') : undefined;
    const results = await Promise.all(
      [...new Set(names)].map((module) => this.#loads.load(module, 'a request by name', words)),
    );
    return results.find(isThere) ?? results[0]!;
  }

  report(): HardwareReport {
    const modules = [...this.#loads.records.values()];
    return {
      devices: [...this.#devices.values()].map((device) => ({
        ...device,
        modules: [...new Set(this.#answers.get(device.modalias))],
      })),
      modules,
      unmatched: [...this.#answers].filter(([, answer]) => answer.length === 0).map(([modalias]) => modalias),
      absent: modules.filter(({ result }) => result.kind === 'missing').map(({ name }) => name),
      postponed: [...this.#postponed],
      blacklisted: [...this.#blacklisted],
      pending: [...this.#loads.pending().keys()],
      cycles: this.#loads.cycles,
      oddFiles: [...this.#oddFiles.values()],
      scans: this.#scans,
      fileOperations: this.#fileOperations,
    };
  }

  /** Reads what is new in sysfs and begins to load for it; how many devices were new. */
  async #scanOnce(): Promise<number> {
    const { sys, sysRoot } = this.#options;
    const startMs = this.#now();
    const scan = await scanDevices(sys, sysRoot, { seen: this.#seen });
    this.#scanMs = this.#now() - startMs;
    this.#scans++;
    this.#fileOperations += scan.fileOperations;
    for (const odd of scan.oddFiles) this.#oddFiles.set(odd.path, odd);
    for (const device of scan.devices) {
      this.#devices.set(device.id, device);
      if (LEISURELY_BUSES.includes(device.bus)) this.#postponed.add(device.modalias);
      else if (!this.#answers.has(device.modalias)) this.#want(device.modalias);
    }
    return scan.devices.length;
  }

  #wantPostponed(): void {
    for (const modalias of this.#postponed) if (!this.#answers.has(modalias)) this.#want(modalias);
    this.#postponed.clear();
  }

  #want(modalias: string): void {
    const names = resolve(this.#options.tables, modalias);
    this.#answers.set(modalias, names);
    for (const name of new Set(names)) {
      if (this.#options.moduleArguments?.blacklisted.has(name)) {
        this.#blacklisted.add(name);
        this.#options.log.info(`${name}: not loaded for ${modalias}, it is on modprobe.blacklist`);
      } else void this.#loads.load(name, modalias);
    }
  }

  /**
   * How many loads are worth waiting for: those that the kernel has had for less than that, and what queues as long as one of them, or none at all,
   * is under way. Time in the queue does not count, or a slow machine would give up drivers that it has not tried.
   */
  #waitingFor(patienceMs: number): number {
    if (patienceMs <= 0) return 0;
    const now = this.#now();
    const begun = [...this.#loads.pending().values()].map(({ begunMs }) => begunMs);
    const underWay = begun.filter((time) => time !== undefined);
    const hopeful = underWay.filter((time) => now - time < patienceMs).length;
    const queued = begun.length - underWay.length;
    return hopeful > 0 || underWay.length === 0 ? hopeful + queued : 0;
  }

  /** Until a load ends, but sysfs also changes without that; and not too often, unless all is done. */
  async #untilProgress(patienceMs: number): Promise<void> {
    await Promise.race([this.#loads.progress(), sleep(RESCAN_AT_LEAST_MS)]);
    const until = this.#now() + Math.max(RESCAN_MS, REST_AFTER_SCAN * this.#scanMs);
    while (this.#waitingFor(patienceMs) > 0 && this.#now() < until) {
      await Promise.race([this.#loads.progress(), sleep(until - this.#now())]);
    }
  }
}

/** Buses whose devices nobody waits for in the initrd. */
const LEISURELY_BUSES = ['cpu', 'system', 'input', 'serio', 'dmi', 'wmi', 'i2c', 'spi', 'hdaudio', 'soundwire', 'iio'];
/** What is leisurely waits for urgent loads, but for slow ones no longer than this. */
const LEISURE_MS = 1500;

function sleep(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
