// Rune address-keeper: owns the subnet, the pool and who has which address. Whoever answers on the wire (the DHCP rune) asks it by messages.
// Where another DHCP server gives addresses it says so (`proxy`), and gives none. The book itself is src/bootserver/dhcp/address-book.ts.

import * as z from 'zod/mini';
import { createAddressBook } from '../../../bootserver/dhcp/address-book.ts';
import { addressText, subnetOf } from '../../../bootserver/dhcp/ipv4.ts';
import type { Log } from '../../../log.ts';
import type { Sys } from '../../../sys/sys.ts';
import { defineRune, type RuneContext } from '../../contract/rune.ts';
import { addressKeeper } from '../../interfaces/address-keeper.ts';
import { machineOf } from '../../machines/known-machines.ts';
import { createNaming, listedMachines, ownName, reservationsOf, whyNone } from './machine-book.ts';
import { type ServingNic, servingNic } from './serving-nic.ts';

const PROBE_TIMEOUT_MS = 4_000;
/** Kept free below the pool: the servers of the room, printers, whatever a person sets by hand. */
const LOW_ADDRESSES = 19;
const HIGH_ADDRESSES = 5;

const settings = z.object({
  pool: z
    .optional(z.object({ first: z.string(), last: z.string() }))
    .check(z.describe('the addresses to give, both ends included; unset: the subnet without its first 19 and last 5')),
  leaseSeconds: z._default(z.int().check(z.positive()), 43_200).check(z.describe('how long an address is given for')),
  // After a restart the machines of the room still have their addresses.
  probe: z
    ._default(z.boolean(), true)
    .check(z.describe('ask by ARP whether somebody has an address, before it is given for the first time')),
});

export const addressKeeperRune = defineRune({
  name: 'address-keeper',
  version: 1,
  stage: 'serve',
  summary: 'one address for each machine of the room, the same each time',
  offers: [addressKeeper],
  needs: [],
  settings,
  async start(ctx) {
    const nic = servingNic(ctx.facts.bootNic);
    const { leaseSeconds, probe, pool = defaultPool(nic) } = ctx.settings;
    const network = {
      mode: nic.addressSource === 'dhcp' ? ('proxy' as const) : ('server' as const),
      serverAddress: nic.address,
      netmask: nic.netmask,
      routers: nic.gateway ? [nic.gateway] : [],
      dnsServers: nic.dnsServers,
    };
    const taken = [nic.address, ...network.routers];
    const known = listedMachines(ctx.facts, { ...network, taken }, ctx.log);
    const book = createAddressBook({
      ...network,
      pool,
      ...(nic.domainName ? { domainName: nic.domainName } : {}),
      leaseSeconds,
      taken,
      reservations: reservationsOf(known),
      hostNameFor: createNaming([...known, ...ownName(ctx.facts)], await addressesByName(ctx)),
      ...(probe ? { probe: await arpProbe(nic.name, ctx.log) } : {}),
      onExhausted: ({ mac }) => ctx.log.error(whyNone(mac, machineOf(known, mac)?.address, pool)),
      now: () => performance.now(),
    });
    ctx.log.info(
      network.mode === 'proxy'
        ? `another DHCP server gives the addresses of ${nic.name}`
        : `${nic.name}: ${pool.first}-${pool.last}, for ${leaseSeconds} s each`,
    );
    ctx.offer(addressKeeper, {
      network: () => network,
      offer: async ({ client }) => ({ lease: await book.offer(client) }),
      confirm: async ({ client, address }) => {
        const lease = await book.confirm(client, address);
        if (lease) ctx.emit(addressKeeper, 'leased', { mac: client.mac, address, hostName: lease.hostName });
        return { lease };
      },
      lookup: async ({ client }) => ({ lease: await book.lookup(client) }),
      release: async ({ client }) => {
        await book.release(client);
        return {};
      },
      decline: async ({ client, address }) => {
        await book.decline(client, address);
        return {};
      },
    });
  },
});

/** Which address the machine of a name has in the room, always as of now. */
async function addressesByName({
  members,
  onMember,
}: Pick<RuneContext, 'members' | 'onMember'>): Promise<(name: string) => string | undefined> {
  let all = await members();
  onMember(
    () =>
      void members().then(
        (now) => (all = now),
        () => {},
      ),
  );
  return (name) => all.find((member) => member.name === name)?.address;
}

/** The subnet without a few addresses at both ends; all of it when it is small. */
export function defaultPool({ address, netmask }: ServingNic): { first: string; last: string } {
  const { network, broadcast } = subnetOf(address, netmask);
  const isSmall = broadcast - network < 4 * (LOW_ADDRESSES + HIGH_ADDRESSES);
  const low = isSmall ? 0 : LOW_ADDRESSES;
  const high = isSmall ? 0 : HIGH_ADDRESSES;
  return { first: addressText(network + 1 + low), last: addressText(broadcast - 1 - high) };
}

/** Duplicate address detection (RFC 5227) by busybox's arping. Where that can't be run, nothing is probed. */
async function arpProbe(nic: string, log: Log): Promise<(address: string) => Promise<boolean>> {
  const { LinuxSys } = await import('../../../sys/linux.ts');
  const sys: Sys = new LinuxSys();
  return async (address) => {
    try {
      const args = ['-D', '-q', '-c', '1', '-w', '1', '-I', nic, address];
      const { status } = await sys.run('arping', args, { timeoutMs: PROBE_TIMEOUT_MS });
      return status === 1;
    } catch (error) {
      log.warn(`${address} is not probed: ${error instanceof Error ? error.message : error}`);
      return false;
    }
  };
}
