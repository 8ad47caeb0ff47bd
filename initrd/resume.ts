// The process that goes on when the one before was killed or crashed on a running machine. The root waits: its device has no connection. All
// that is needed lies in the runtime and in the record (record.ts); what was in the other's memory comes from the peers again. Ended by an error,
// it is started anew by the watcher (watch.sh).

import { errorLine } from '../src/errors.ts';
import { openFileSource } from '../src/vfield/file-source.ts';
import { parseMagnet } from '../src/vfield/magnet.ts';
import type { Metainfo } from '../src/vfield/metainfo.ts';
import { FIELD_DEVICE, takeFieldOver } from './attach.ts';
import { begin } from './begin.ts';
import { type BootContext, networkEffects } from './context.ts';
import { keepTextInMemory, outliveMemoryShortage } from './handover.ts';
import type { NetworkFacts } from './network.ts';
import { openNode } from './open-node.ts';
import { RecordKeeper, readRecord, type ServingRecord } from './record.ts';
import type { Root } from './root.ts';

/** Gets the root going, then serves as before. Throws what keeps the root waiting; what only keeps the room waiting is said. */
async function resume(boot: BootContext): Promise<void> {
  const { sys, log, phases } = boot;
  await outliveMemoryShortage(sys);
  const { record, metainfo } = await readRecord(sys);
  const root = await takeOver(boot, record, metainfo);
  phases.recall(record.phases);
  phases.done('take-over', `${root.device} is served by process ${process.pid}`);
  await keepTextInMemory(sys);
  await serveAgain(boot, record, root).catch((error: unknown) =>
    log.error(`this machine does not serve: ${errorLine(error)}`),
  );
}

/** The same field, with the members that were there last, and the kernel's device at it. A root on a drive goes on by itself. */
async function takeOver(boot: BootContext, record: ServingRecord, metainfo: Metainfo): Promise<Root> {
  const { device, source, local } = record.root;
  const peers = [...record.peers, ...magnetPeers(boot)];
  const medium = local
    ? { local: await openFileSource(local.path, { sizeBytes: metainfo.lengthBytes }), discovery: false }
    : {};
  const field = await openNode(boot, { metainfo, peers, ...medium });
  if (device === FIELD_DEVICE) takeFieldOver(field.source, boot.log.child('nbd'));
  return { device, field, source, ...(local ? { local } : {}) };
}

function magnetPeers({ options }: BootContext): readonly string[] {
  return options.image?.startsWith('magnet:') ? parseMagnet(options.image).peers : [];
}

async function serveAgain(boot: BootContext, record: ServingRecord, root: Root): Promise<void> {
  // Read only now: on a slow machine it takes longer than all that the root waited for.
  const [{ openDoors, serveRoom }, { LiveStatus }] = await Promise.all([
    import('./serve.ts'),
    import('./live-status.ts'),
  ]);
  const { findings, folders, configured, programVersion } = record;
  const { field } = root;
  const status = new LiveStatus(boot, root, { role: findings.role, programVersion }, { folders, configured });
  await openDoors(boot, root, status);
  const keeper = RecordKeeper.resume(boot.sys, record);
  await serveRoom(boot, { field, findings, folders, status, record: keeper }, stayOnNetwork(boot, findings.network));
}

/** The kernel has kept the address, if there was one. */
async function stayOnNetwork(boot: BootContext, known: NetworkFacts | undefined): Promise<NetworkFacts | undefined> {
  const [{ joinNetwork }, { keepLease }] = await Promise.all([import('./join-network.ts'), import('./dhcp-client.ts')]);
  if (!known) return joinNetwork(boot, false);
  const { sys, log } = networkEffects(boot);
  if (known.origin === 'dhcp') await keepLease(sys, log, known);
  return known;
}

const { boot } = await begin();
await resume(boot).catch((error: unknown) => {
  boot.log.error(`the root waits: ${errorLine(error)}`);
  process.exit(1);
});
