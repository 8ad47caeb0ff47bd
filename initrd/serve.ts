// After the handover: the network of a first PC that had none yet, and the runes that serve the room.

import { errorLine } from '../src/errors.ts';
import type { Facts } from '../src/runes/contract/facts.ts';
import { type RunningRunes, startRuneHost } from '../src/runes/host/start.ts';
import type { RuneFolder } from '../src/runes/roles/rune-folder.ts';
import type { Field } from '../src/vfield/field.ts';
import { encodeMetainfo } from '../src/vfield/metainfo.ts';
import { type BootContext, networkEffects, sleep } from './context.ts';
import { connect, type NetworkFacts } from './network.ts';
import { SHARED_RUN } from './root.ts';

const NETWORK_RETRY_MS = 5000;

/** Gets the machine onto the network; a first PC whose cable is plugged in later is served then. Undefined only where it is switched off. */
export async function joinNetwork(boot: BootContext, needed: boolean): Promise<NetworkFacts | undefined> {
  for (let isFirstTry = true; ; isFirstTry = false) {
    const facts = await connect(networkEffects(boot), boot.options, { needed }).catch((error: unknown) => {
      boot.log.error(`network: ${errorLine(error)}`);
      return undefined;
    });
    if (facts || boot.options.network === 'none') return facts;
    if (isFirstTry) boot.log.warn('no network: no interface has a link; looking again every 5 s');
    await sleep(NETWORK_RETRY_MS);
  }
}

/** The name servers of the room, for the running system's /etc/resolv.conf, which is a link to this file. */
export async function writeResolvConf({ sys }: BootContext, network: NetworkFacts): Promise<void> {
  const lines = [
    ...(network.domain ? [`search ${network.domain}`] : []),
    ...network.dnsServers.map((server) => `nameserver ${server}`),
  ];
  await sys.writeText(`${SHARED_RUN}/resolv.conf`, lines.map((line) => `${line}\n`).join(''));
}

/** Starts the role's serve runes in their own thread. */
export function serve(
  { log }: BootContext,
  facts: Facts,
  folders: readonly RuneFolder[],
  field: Field,
): Promise<RunningRunes> {
  return startRuneHost({
    role: facts.role,
    stage: 'serve',
    facts,
    folders,
    log: log.child('runes'),
    inWorker: true,
    services: { field: fieldService(facts, field) },
  });
}

/** The field as runes reach it: by messages to this thread. */
function fieldService({ field: facts }: Facts, field: Field) {
  return {
    status: () => field.status(),
    magnet: () => ({ magnet: facts?.magnet ?? '' }),
    peers: () => ({ peers: field.status().peers.map(({ address }) => address) }),
    metainfo: () => ({ bytes: encodeMetainfo(field.metainfo) }),
  };
}
