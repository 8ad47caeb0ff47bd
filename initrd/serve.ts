// After the handover, and after a take-over: the doors through which the running system sees this process, and the runes that serve the room.

import { openControlSocket } from '../src/control/control-socket.ts';
import { CONTROL_SOCKET } from '../src/control/status.ts';
import { errorLine } from '../src/errors.ts';
import type { Facts } from '../src/runes/contract/facts.ts';
import { type RunningRunes, startRuneHost } from '../src/runes/host/start.ts';
import type { RuneFolder } from '../src/runes/roles/rune-folder.ts';
import { giveMemoryBack } from '../src/sys/give-memory-back.ts';
import { readMemory } from '../src/sys/memory-reading.ts';
import { systemClock } from '../src/vfield/clock.ts';
import type { Field } from '../src/vfield/field.ts';
import { encodeMetainfo, type Metainfo } from '../src/vfield/metainfo.ts';
import { followMemory } from '../src/vfield/share-watch.ts';
import { type BootContext, SHARED_RUN } from './context.ts';
import { type Findings, factsOf } from './facts.ts';
import { writeFactsFiles } from './facts-files.ts';
import { keepTextInMemory } from './handover.ts';
import { writeResolvConf } from './join-network.ts';
import type { LiveStatus } from './live-status.ts';
import type { NetworkFacts } from './network.ts';
import type { RecordKeeper } from './record.ts';
import { recordedTrace } from './recorded-trace.ts';
import { fieldPeers, meetMembers, roomOptions } from './room.ts';
import type { Root } from './root.ts';

/** How often the record is brought up to date; the members of a room change by the minute. */
const RECORD_MS = 10_000;

export interface Serving {
  readonly field: Field;
  readonly findings: Findings;
  readonly folders: readonly RuneFolder[];
  readonly status: LiveStatus;
  readonly record: RecordKeeper;
}

/** Opens what the `viver` command finds this process by. */
export async function openDoors({ sys }: BootContext, root: Root, status: LiveStatus): Promise<void> {
  await openControlSocket(CONTROL_SOCKET, {
    status: () => status.now(),
    trace: async () => recordedTrace(root),
    runes: () => status.machineRunes(),
    leave: async () => leaveRoom(status),
  });
  await sys.writeText(`${SHARED_RUN}/pid`, `${process.pid}\n`);
}

async function leaveRoom(status: LiveStatus): Promise<void> {
  const { runes } = status;
  status.runes = undefined;
  status.members = undefined;
  await runes?.stop();
}

/** Serves the room from the moment that `network` is there; it may be undefined for good. */
export async function serveRoom(
  boot: BootContext,
  { field, findings, folders, status, record }: Serving,
  network: Promise<NetworkFacts | undefined>,
): Promise<void> {
  const { sys, log, machine, phases } = boot;
  keepUpToDate(boot, field, record, status);
  followMemory({ field, readMemory: () => readMemory(sys), clock: systemClock, log: log.child('field') });
  const found = await network;
  if (found) {
    status.network = found;
    await record.update({ findings: { ...findings, network: found } });
    await writeResolvConf(boot, found);
    field.discoverOn([found.address]);
  }
  const current = { ...findings, ...(found ? { network: found } : {}) };
  const facts = factsOf(current, machine, field);
  const serving = { field, findings: current, folders, status };
  const files = writeFactsFiles(sys, facts, folders);
  const [runes] = await Promise.all([startServeRunes(boot, facts, serving), files]);
  status.runes = runes;
  giveMemoryBack();
  await keepTextInMemory(sys);
  phases.done('serve', status.runes.report.started.map(({ rune }) => rune).join(' ') || 'the field');
}

/** The next process is to know what this one knew a moment before its end. */
function keepUpToDate({ log, phases }: BootContext, field: Field, record: RecordKeeper, status: LiveStatus): void {
  setInterval(() => {
    status.runes?.meet(fieldPeers(field));
    const peers = field.status().peers.map(({ address }) => address);
    // Nobody there is no news: who was there last is where to look first.
    const news = { phases: phases.times, ...(peers.length > 0 ? { peers } : {}) };
    record.update(news).catch((error: unknown) => log.warn(`the record is not up to date: ${errorLine(error)}`));
  }, RECORD_MS);
}

/** Starts the role's serve runes in their own thread. */
async function startServeRunes(
  boot: BootContext,
  facts: Facts,
  { field, findings, folders, status }: Omit<Serving, 'record'>,
): Promise<RunningRunes> {
  const room = await roomOptions(boot, findings, field);
  return startRuneHost({
    role: facts.role,
    stage: 'serve',
    facts,
    folders,
    log: boot.log.child('runes'),
    inWorker: true,
    services: { field: fieldService(facts, field) },
    ...(room ? { room } : {}),
    onMembers: (members) => {
      status.members = members;
      meetMembers(field, members, findings.network?.address ?? '');
    },
  });
}

/** The field as runes reach it: by messages to this thread. */
function fieldService({ field: facts }: Facts, field: Field) {
  return {
    status: () => field.status(),
    magnet: () => ({ magnet: facts?.magnet ?? '' }),
    peers: () => ({ peers: field.status().peers.map(({ address }) => address) }),
    metainfo: () => ({ bytes: encodeMetainfo(withBootTrace(field)) }),
  };
}

/** A node that came by a magnet link has its boot trace from a member. */
export function withBootTrace({ metainfo, bootTrace }: Field): Metainfo {
  return bootTrace.length > 0 ? { ...metainfo, bootTrace } : metainfo;
}
