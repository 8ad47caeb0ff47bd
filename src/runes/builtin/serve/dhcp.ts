// Rune dhcp: the exchange that RUNES was made for. It asks the address keeper for addresses, mask and gateway, asks the TFTP rune for the boot
// loader's path and the HTTP rune for the script's, builds its configuration of the answers, and starts. How the others keep their promises is
// nobody's business here. The engine is src/bootserver/dhcp.

import type { ClientFacts } from '../../../bootserver/dhcp/client.ts';
import type { AddressBook, BootAnswer, DhcpPolicy } from '../../../bootserver/dhcp/policy.ts';
import { startDhcpServer } from '../../../bootserver/dhcp/server.ts';
import type { Client } from '../../contract/interface.ts';
import { defineRune } from '../../contract/rune.ts';
import { addressKeeper } from '../../interfaces/address-keeper.ts';
import { bootLoaderPath } from '../../interfaces/boot-loader-path.ts';
import { bootScript } from '../../interfaces/boot-script.ts';
import { servingNic } from './serving-nic.ts';

type Keeper = Client<typeof addressKeeper>;
type Loader = Client<typeof bootLoaderPath>;
type Script = Client<typeof bootScript>;

export const dhcpRune = defineRune({
  name: 'dhcp',
  version: 1,
  stage: 'serve',
  summary: 'addresses and boot answers by DHCP, or boot answers beside another server',
  offers: [],
  needs: [addressKeeper, bootLoaderPath, bootScript],
  async start(ctx) {
    const policy = await buildPolicy(ctx.ask(addressKeeper), ctx.ask(bootLoaderPath), ctx.ask(bootScript));
    const { bindToDevice } = await import('../../../sys/libc.ts');
    const { name: nic } = servingNic(ctx.facts.bootNic);
    const server = await startDhcpServer({ ...policy, nic, bindToDevice, log: ctx.log });
    return { stop: () => server.close() };
  },
});

/** Asks the other runes; what they say becomes the engine's configuration. */
export async function buildPolicy(keeper: Keeper, loader: Loader, script: Script): Promise<DhcpPolicy> {
  const [{ mode, serverAddress, netmask }, { paths }, { ipxe, uefiHttp }] = await Promise.all([
    keeper.network({}),
    loader.paths({}),
    script.urls({}),
  ]);
  const files: Partial<Record<ClientFacts['firmware'], string>> = {
    ...paths,
    ipxe,
    ...(uefiHttp ? { 'uefi-http': uefiHttp } : {}),
  };
  const bootFor = ({ firmware }: ClientFacts): BootAnswer | undefined => {
    const file = files[firmware];
    return file === undefined ? undefined : { file };
  };
  return { mode, serverAddress, netmask, bootFor, addressBook: addressBookOf(keeper) };
}

/** The engine's address book, kept by another rune. */
function addressBookOf(keeper: Keeper): AddressBook {
  const clientOf = ({ mac, hostName, requestedAddress }: Parameters<AddressBook['offer']>[0]) => ({
    mac,
    hostName,
    requestedAddress,
  });
  return {
    offer: async (client) => (await keeper.offer({ client: clientOf(client) })).lease,
    confirm: async (client, address) => (await keeper.confirm({ client: clientOf(client), address })).lease,
    lookup: async (client) => (await keeper.lookup({ client: clientOf(client) })).lease,
    release: async (client) => void (await keeper.release({ client: clientOf(client) })),
    decline: async (client, address) => void (await keeper.decline({ client: clientOf(client), address })),
  };
}
