// The whole boot service on one NIC, as a program that tests start in a network namespace:
//   boot-server-program.ts '{"nic":"eth0","address":"10.98.0.1","mode":"server","files":"/folder","leaseSeconds":60}'
// Also the shortest example of how the engines of src/bootserver fit together. Root only: ports 67, 69, 80 and 4011.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createBootSet } from '../../src/bootserver/boot-set.ts';
import { createAddressBook } from '../../src/bootserver/dhcp/address-book.ts';
import type { ClientFacts } from '../../src/bootserver/dhcp/client.ts';
import type { BootAnswer, DhcpMode } from '../../src/bootserver/dhcp/policy.ts';
import { startDhcpServer } from '../../src/bootserver/dhcp/server.ts';
import { contentRoute } from '../../src/bootserver/http/routes.ts';
import { createHttpServer } from '../../src/bootserver/http/server.ts';
import { ipxeScript } from '../../src/bootserver/menu/ipxe-script.ts';
import { createTftpServer } from '../../src/bootserver/tftp/server.ts';
import { createLog } from '../../src/log.ts';
import { bindToDevice } from '../../src/sys/libc.ts';

export interface BootServerSettings {
  readonly nic: string;
  readonly address: string;
  readonly mode: DhcpMode;
  /** Folder whose files are the boot set. */
  readonly files: string;
  readonly leaseSeconds: number;
}

const { nic, address, mode, files, leaseSeconds } = JSON.parse(process.argv[2]!) as BootServerSettings;
const log = createLog((level, area, message) => console.log(level, area, message), '', 'debug');
const network = address.replace(/\.\d+$/, '');

const bootFiles: Partial<Record<ClientFacts['firmware'], string>> = {
  bios: 'undionly.kpxe',
  'uefi-x64': 'snponly.efi',
  'uefi-http': `http://${address}/snponly.efi`,
  ipxe: `http://${address}/boot.ipxe`,
};
const bootFor = ({ firmware }: ClientFacts): BootAnswer | undefined => {
  const file = bootFiles[firmware];
  return file === undefined ? undefined : { file };
};

const names = readdirSync(files);
const open = createBootSet({
  ...Object.fromEntries(names.map((name) => [name, { file: join(files, name) }])),
  'boot.ipxe': { bytes: ipxeScript({ kernel: 'vmlinuz', initrd: 'initrd', append: 'console=ttyS0 panic=-1 quiet' }) },
});
const addressBook = createAddressBook({
  pool: { first: `${network}.100`, last: `${network}.199` },
  netmask: '255.255.255.0',
  routers: [],
  dnsServers: [address],
  domainName: 'room.test',
  leaseSeconds,
  taken: [address],
  hostNameFor: (_client, theirs) => `pc-${theirs.split('.')[3]}`,
  now: () => Date.now(),
});

const policy = { mode, serverAddress: address, netmask: '255.255.255.0', addressBook, bootFor };
await createTftpServer({ address, port: 69, open, log: log.child('tftp') });
await createHttpServer({ address, port: 80, routes: [contentRoute(open)], log: log.child('http') });
const dhcp = await startDhcpServer({ ...policy, nic, bindToDevice, log: log.child('dhcp') });
console.log('ready');
process.on('SIGUSR1', () => console.log(`counts ${JSON.stringify(dhcp.counts())}`));
