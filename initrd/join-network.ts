// The way onto the network, again and again until there is one, and what the running system is told of it.

import { errorLine } from '../src/errors.ts';
import { type BootContext, networkEffects, SHARED_RUN, sleep } from './context.ts';
import { connect, type NetworkFacts } from './network.ts';

const NETWORK_RETRY_MS = 5000;

/**
 * Gets the machine onto the network; a first PC whose cable is plugged in later is served then. Undefined only where it is switched off.
 * @param lookForCards Loads drivers of cards that have come up since; called before each new try.
 */
export async function joinNetwork(
  boot: BootContext,
  needed: boolean,
  lookForCards: () => Promise<void> = async () => {},
): Promise<NetworkFacts | undefined> {
  for (let isFirstTry = true; ; isFirstTry = false) {
    const facts = await connect(networkEffects(boot), boot.options, { needed }).catch((error: unknown) => {
      boot.log.error(`network: ${errorLine(error)}`);
      return undefined;
    });
    if (facts || boot.options.network === 'none') return facts;
    if (isFirstTry) boot.log.warn('no network: no interface has a link; looking again every 5 s');
    await sleep(NETWORK_RETRY_MS);
    await lookForCards();
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
