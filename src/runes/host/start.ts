// startRuneHost: what the initrd's program calls, once for each stage. It finds the runes of the role, puts the host into a thread of its own
// (or, in tests, into this one) and keeps the line to it. This file loads no schemas: the thread that serves the kernel stays free.

import { Worker } from 'node:worker_threads';
import type { Cluster, JoinOptions, Member } from '../../cluster/cluster.ts';
import { errorLine } from '../../errors.ts';
import type { Log, LogLevel } from '../../log.ts';
import { builtinRunes, builtinStage } from '../builtin/builtin.ts';
import type { Facts } from '../contract/facts.ts';
import type { RootFiles } from '../contract/root-files.ts';
import type { AnyRune, Stage } from '../contract/rune.ts';
import type { ChrootCommand } from '../files/shell-files.ts';
import { knownMachines, withMachines } from '../machines/known-machines.ts';
import { mergedRoles } from '../roles/merged-roles.ts';
import { formatRoleFault, resolveRole } from '../roles/role-table.ts';
import { type RuneFolder, runeNameOf } from '../roles/rune-folder.ts';
import { laidOver, type MergedSettings, mergedSettings } from '../settings/merged-settings.ts';
import { keepRunning } from './keep-running.ts';
import { MessageLink } from './message-link.ts';
import type { CallRecord, HostLimits, HostService, RuneFile, RuneStatus, StartReport } from './options.ts';
import { endThread, watch } from './watch.ts';

/** Interfaces that the host process offers, by name: one function per call, which gets and gives plain data. */
export type Services = Readonly<Record<string, Readonly<Record<string, (request: never) => unknown>>>>;

/** Versions of the interfaces that a host process can offer; their schemas are in ../interfaces. */
const SERVICE_VERSIONS: Readonly<Record<string, number>> = { field: 1, hooks: 1 };

export interface StartOptions {
  readonly role: string;
  readonly stage: Stage;
  readonly facts: Facts;
  readonly log: Log;
  /** True on a machine; false runs all built-in runes in this thread (foreign ones have their own in any case). */
  readonly inWorker: boolean;
  /** /etc/RUNES of the image and of the medium, the later winning. */
  readonly folders?: readonly RuneFolder[];
  readonly services?: Services;
  /** Rune name -> its settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Stage `configure`: where the new root is mounted, and how to enter it. */
  readonly root?: { readonly path: string; readonly chroot?: ChrootCommand };
  /** In this thread only: in place of `root`, files of another kind; and runes in place of the built-in ones. */
  readonly files?: RootFiles;
  readonly builtin?: readonly AnyRune[];
  readonly onCall?: (record: CallRecord) => void;
  /** Stage `serve`: the room to be a member of. Runes never wait for others in it. */
  readonly room?: RoomOptions;
  /** Told of all members at each change of the room. */
  readonly onMembers?: (members: readonly Member[]) => void;
  /** In this thread only: in place of the engine, another way into a room. */
  readonly joinRoom?: (options: JoinOptions) => Promise<Cluster>;
  readonly limits?: Partial<HostLimits>;
}

/** Plain data, for the host's thread. */
export type RoomOptions = Omit<JoinOptions, 'handlers'>;

export interface RunningRunes {
  /** Of the last start: runes that serve start again when their thread has ended. */
  readonly report: StartReport;
  status(): Promise<RuneStatus[]>;
  /** Tries these addresses for members of the room too: the field has met a peer. */
  meet(addresses: readonly string[]): void;
  /** Stops all in reverse order and gives the thread back. */
  stop(): Promise<void>;
}

/** What a host's thread is started with; plain data. */
export interface HostWorkerData {
  readonly stage: Stage;
  readonly runes: readonly string[];
  readonly foreign: readonly RuneFile[];
  readonly facts: Facts;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly settingPlaces: MergedSettings['places'];
  readonly services: readonly HostService['id'][];
  readonly root?: StartOptions['root'];
  readonly room?: RoomOptions;
  readonly limits: Partial<HostLimits>;
}

/**
 * Starts the runes of `role` for one stage. Faults of runes are in the report and the log, never thrown.
 * @throws ViverError RUNES_GONE when the host's thread cannot be started at all.
 */
export async function startRuneHost(options: StartOptions): Promise<RunningRunes> {
  const { folders = [] } = options;
  const known = knownMachines(folders);
  const given = mergedSettings(folders);
  const role = runesOf(options);
  const runes = options.builtin ? role.runes : runesOfStage(role.runes, options);
  // Said once: the same folders are given to both stages.
  const faults = [...role.faults, ...(options.stage === 'configure' ? [...known.faults, ...given.faults] : [])];
  for (const fault of faults) options.log.error(fault);
  const facts = withMachines(options.facts, known.machines);
  // What the host process itself tells a rune is not for a file to change.
  const settings = laidOver(given.settings, options.settings ?? {});
  const running = await startThose({ ...options, facts, settings }, runes);
  return {
    get report() {
      return { ...running.report, faults: [...faults, ...running.report.faults] };
    },
    status: () => running.status(),
    meet: (addresses) => running.meet(addresses),
    stop: () => running.stop(),
  };
}

function startThose(options: StartOptions, runes: readonly string[]): Promise<RunningRunes> {
  if (runes.length === 0 && !options.room) return Promise.resolve(NOTHING_RUNS);
  if (!options.inWorker) return startHere(options, runes);
  // Work on the new root is not done twice: what became of it is in the report.
  if (options.stage === 'configure') return startInWorker(options, runes, (reason) => options.log.error(reason));
  return keepRunning((onEnded) => startInWorker(options, runes, onEnded), options.log);
}

/** A thread costs 17 MB and, on a slow machine, seconds: a plain node has nothing to serve and starts none, unless it is a member of a room. */
const NOTHING_RUNS: RunningRunes = {
  report: { started: [], setAside: [], faults: [] },
  status: async () => [],
  meet: () => {},
  stop: async () => {},
};

/** Leaves out just the built-in runes of another stage that no file stands in for: any other has to be read to know its stage. */
function runesOfStage(runes: readonly string[], { stage, folders = [] }: StartOptions): readonly string[] {
  const replaced = new Set(folders.flatMap((folder) => folder.runes.map(({ path }) => runeNameOf(path))));
  return runes.filter((rune) => replaced.has(rune) || (builtinStage(rune) ?? stage) === stage);
}

/** The rune names of the role, with the tables of all folders laid over the built-in one; faults name file and line. */
export function runesOf({ role, folders = [] }: Pick<StartOptions, 'role' | 'folders'>): {
  runes: readonly string[];
  faults: readonly string[];
} {
  const { table, faults } = mergedRoles(folders);
  const resolved = resolveRole(table, role);
  return { runes: resolved.runes, faults: [...faults, ...resolved.faults.map(formatRoleFault)] };
}

/** Reads what a host in this thread will want for the built-in runes of a stage, ahead of time. */
export async function readRunes(stage: Stage): Promise<void> {
  const names = Object.keys(builtinRunes).filter((name) => builtinStage(name) === stage);
  await Promise.all([import('./host.ts'), import('./host-options.ts'), ...names.map((name) => builtinRunes[name]?.())]);
}

function workerDataOf(options: StartOptions, runes: readonly string[]): HostWorkerData {
  const { stage, facts, settings = {}, root, room, limits = {}, folders = [], services = {} } = options;
  return {
    stage,
    runes,
    facts,
    settings,
    settingPlaces: mergedSettings(folders).places,
    limits,
    foreign: folders.flatMap((folder) => folder.runes),
    services: Object.keys(services).map((name) => ({ name, version: SERVICE_VERSIONS[name] ?? 1 })),
    ...(root ? { root } : {}),
    ...(room ? { room } : {}),
  };
}

async function startHere(options: StartOptions, runes: readonly string[]): Promise<RunningRunes> {
  const [{ RuneHost }, { hostOptions }] = await Promise.all([import('./host.ts'), import('./host-options.ts')]);
  const call: ServiceCall = (name, method, request) => callService(options.services ?? {}, { name, method, request });
  const host = new RuneHost(await hostOptions(workerDataOf(options, runes), options.log, call, options));
  const report = await host.start();
  return {
    report,
    status: async () => host.status(),
    meet: (addresses) => host.meet(addresses),
    stop: () => host.stop(),
  };
}

export type ServiceCall = (name: string, method: string, request: unknown) => Promise<unknown>;

export interface ServiceMessage {
  readonly name: string;
  readonly method: string;
  readonly request: unknown;
}

export interface AreaLogMessage {
  readonly level: LogLevel;
  readonly area: string;
  readonly message: string;
}

/** Stopping all runes may take each its deadline; more than this means that the thread itself hangs. */
const STOP_ALL_MS = 30_000;
/** Longer than of a rune's process: on a starved machine the engine of the room alone took this thread a minute, and starting again takes it anew. */
const THREAD_SILENCE_MS = 180_000;

async function startInWorker(
  options: StartOptions,
  runes: readonly string[],
  onEnded: (reason: string) => void,
): Promise<RunningRunes> {
  const { log, services = {}, limits = {} } = options;
  const worker = new Worker(new URL('./host.worker.ts', import.meta.url), {
    workerData: workerDataOf(options, runes),
    name: `runes ${options.stage}`,
  });
  const link = new MessageLink(worker, {
    ask: { service: (message: ServiceMessage) => callService(services, message) },
    tell: {
      log: ({ level, area, message }: AreaLogMessage) => logFor(log, area)[level](message),
      members: (members: readonly Member[]) => options.onMembers?.(members),
    },
  });
  let stopping = false;
  let silence: string | undefined;
  watch(worker, (ending) => {
    const reason = `the runes' thread ${silence ?? ending}`;
    clearInterval(heartbeat);
    link.close(reason);
    if (!stopping) onEnded(reason);
  });
  const silenceMs = limits.silenceMs ?? THREAD_SILENCE_MS;
  const heartbeat = watchHeart(link, silenceMs, () => {
    silence = `was silent for ${silenceMs} ms`;
    void worker.terminate();
  });
  const report = (await link.ask('start', undefined)) as StartReport;
  return {
    report,
    status: async () => (await link.ask('status', undefined, limits.callMs)) as RuneStatus[],
    meet: (addresses) => link.tell('meet', addresses),
    stop: async () => {
      stopping = true;
      clearInterval(heartbeat);
      await link.ask('stop', undefined, STOP_ALL_MS).catch((error: unknown) => log.warn(errorLine(error)));
      await endThread(worker);
    },
  };
}

/** Notices a thread that does not answer any more: an endless loop in a built-in rune. */
function watchHeart(link: MessageLink, silenceMs: number, onSilent: () => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    link.ask('ping', undefined, silenceMs).catch(() => {
      clearInterval(timer);
      onSilent();
    });
  }, silenceMs);
  return timer.unref();
}

/** The request is the caller's, checked by its schema in the runes' thread; here only own functions of the table are reachable. */
async function callService(services: Services, { name, method, request }: ServiceMessage): Promise<unknown> {
  const calls = Object.hasOwn(services, name) ? services[name] : undefined;
  const handler = calls && Object.hasOwn(calls, method) ? calls[method] : undefined;
  if (!handler) throw new Error(`the host process has no ${name}.${method}`);
  return handler(request as never);
}

function logFor(log: Log, area: string): Log {
  return area === '' ? log : log.child(area);
}
