// The DHCP engine against busybox udhcpc, ISC dhclient and dnsmasq. Needs root (network namespaces), busybox, isc-dhcp-client, dnsmasq.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BootServerSettings } from './boot-server-program.ts';
import { createWire, type Program, type Wire, type WireHost } from './wire.ts';

const server = '10.98.0.1';
const program = new URL('./boot-server-program.ts', import.meta.url).pathname;
let folder: string;
let wire: Wire;
let engine: Program;
let client: WireHost;
let machines = 0;

const settings = (changes: Partial<BootServerSettings> = {}): string =>
  JSON.stringify({ nic: 'eth0', address: server, mode: 'server', files: folder, leaseSeconds: 8, ...changes });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-dhcp-'));
  writeFileSync(join(folder, 'udhcpc.sh'), udhcpcScript);
  chmodSync(join(folder, 'udhcpc.sh'), 0o755);
  wire = createWire('vdhcp');
  const host = wire.host('server', { address: `${server}/24` });
  client = wire.host('client');
  engine = host.start(process.execPath, [program, settings()]);
  await engine.waitFor(/ready/, 10_000);
});

afterAll(async () => {
  await wire.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts what it is told on the interface, and writes it down. */
const udhcpcScript = `#!/bin/sh
case "$1" in
  deconfig) ip addr flush dev $interface ;;
  bound|renew) ip addr replace $ip/$mask dev $interface ;;
esac
echo "$1 ip=$ip mask=$mask dns=$dns domain=$domain hostname=$hostname lease=$lease serverid=$serverid siaddr=$siaddr boot_file=$boot_file"
`;

/** A new machine on the wire: an interface of the client host with a MAC of its own. */
function newMachine(): { nic: string; mac: string } {
  const number = ++machines;
  const mac = `52:54:00:98:00:${number.toString(16).padStart(2, '0')}`;
  const nic = `pc${number}`;
  wire.plug(client, nic, { mac });
  return { nic, mac };
}

const udhcpc = (nic: string, ...more: string[]): string[] => [
  'udhcpc',
  '-f',
  '-i',
  nic,
  '-s',
  join(folder, 'udhcpc.sh'),
  '-t',
  '5',
  '-T',
  '2',
  '-A',
  '1',
  ...more,
];

describe('busybox udhcpc', () => {
  test('binds, is told all, renews by unicast, gives back', async () => {
    const { nic, mac } = newMachine();
    const running = client.start('busybox', udhcpc(nic, '-R'));
    const bound = await running.waitFor(/^bound .*$/m, 10_000);
    const address = /ip=(10\.98\.0\.\d+)/.exec(bound)![1]!;
    expect(bound).toContain(
      `mask=24 dns=${server} domain=room.test hostname=pc-${address.split('.')[3]} lease=8 serverid=${server}`,
    );
    running.signal('SIGUSR1'); // Left alone, udhcpc renews no sooner than after a minute.
    await running.waitFor(new RegExp(`^renew ip=${address} `, 'm'), 10_000);
    expect(engine.text()).toMatch(new RegExp(`${mac}: ack ${address} to os \\(unicast\\)`));
    await running.stop();
    await engine.waitFor(new RegExp(`${mac}: ${address} given back`), 3000);
  });

  test('asks for the boot file as a PXE ROM', async () => {
    const { nic } = newMachine();
    const args = udhcpc(nic, '-q', '-n', '-V', 'PXEClient:Arch:00007:UNDI:003016', '-O', '66', '-O', '67', '-O', '60');
    const { stdout } = client.run('busybox', args);
    expect(stdout).toMatch(/boot_file=snponly\.efi/);
    expect(stdout).toContain(`siaddr=${server}`);
  });

  test('50 machines at once get 50 addresses', async () => {
    const all = Array.from({ length: 50 }, newMachine);
    const started = Date.now();
    const running = all.map(({ nic }) => client.start('busybox', udhcpc(nic, '-q', '-n')));
    const texts = await Promise.all(running.map((one) => one.waitFor(/^bound .*$/m, 30_000)));
    const addresses = texts.map((text) => /^bound ip=([0-9.]+)/m.exec(text)![1]);
    expect(new Set(addresses).size).toBe(50);
    console.log(`50 udhcpc bound in ${Date.now() - started} ms`);
  });
});

describe('ISC dhclient', () => {
  const files = () => ['-lf', join(folder, 'leases'), '-pf', join(folder, 'pid'), '-cf', join(folder, 'dhclient.conf')];

  beforeAll(() => {
    writeFileSync(join(folder, 'dhclient.conf'), 'timeout 20;\nretry 1;\ninitial-interval 1;\n');
    writeFileSync(join(folder, 'leases'), '');
    writeFileSync(
      join(folder, 'dhclient-script'),
      '#!/bin/sh\n[ -n "$new_ip_address" ] && ip addr replace $new_ip_address/24 dev $interface\nexit 0\n',
    );
    chmodSync(join(folder, 'dhclient-script'), 0o755);
  });

  test('binds and renews', async () => {
    const { nic } = newMachine();
    writeFileSync(join(folder, 'leases'), '');
    const running = client.start('dhclient', ['-d', '-v', ...files(), '-sf', join(folder, 'dhclient-script'), nic]);
    await running.waitFor(/bound to 10\.98\.0\.\d+/, 20_000);
    await running.waitFor(
      /DHCPREQUEST for (\S+) on \S+ to 10\.98\.0\.1 port 67[\s\S]*DHCPACK of \1 from 10\.98\.0\.1[\s\S]*bound/,
      20_000,
    );
    await running.stop();
  });

  test('INIT-REBOOT with an address of another network: NAK, then a right one', async () => {
    const { nic } = newMachine();
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString().replace(/-/g, '/').replace('T', ' ').slice(0, 19);
    writeFileSync(
      join(folder, 'leases'),
      `lease {\n interface "${nic}";\n fixed-address 192.168.77.5;\n option subnet-mask 255.255.255.0;\n` +
        ` option dhcp-lease-time 7200;\n option dhcp-message-type 5;\n option dhcp-server-identifier 192.168.77.1;\n` +
        ` renew 0 ${inAnHour};\n rebind 0 ${inAnHour};\n expire 0 ${inAnHour};\n}\n`,
    );
    const running = client.start('dhclient', ['-d', '-v', ...files(), '-sf', join(folder, 'dhclient-script'), nic]);
    const text = await running.waitFor(/bound to 10\.98\.0\.\d+/, 20_000);
    expect(text).toMatch(/DHCPREQUEST for 192\.168\.77\.5/);
    expect(text).toMatch(/DHCPNAK from 10\.98\.0\.1/);
    expect(readFileSync(join(folder, 'leases'), 'utf8')).toMatch(/fixed-address 10\.98\.0\./);
    await running.stop();
  });
});

describe('two NICs, two networks, one server each', () => {
  let second: Wire;
  let host: WireHost;

  beforeAll(async () => {
    second = createWire('vdhcp2');
    host = second.host('server', { address: '10.99.0.1/24' });
    wire.plug(host, 'eth1', { address: '10.98.0.2/24' });
    const engine2 = host.start(process.execPath, [program, settings({ address: '10.99.0.1' })]);
    await engine2.waitFor(/ready/, 10_000);
  });
  afterAll(() => second.close());

  test('each is heard only on its own', async () => {
    const far = second.host('client');
    const there = far.run('busybox', udhcpc('eth0', '-q', '-n'));
    expect(there.stdout).toMatch(/^bound ip=10\.99\.0\.\d+/m);
    const here = client.run('busybox', udhcpc(newMachine().nic, '-q', '-n'));
    expect(here.stdout).toMatch(/^bound ip=10\.98\.0\.\d+ .*serverid=10\.98\.0\.1 /m);
    const proxyNoise = client.run('busybox', udhcpc(newMachine().nic, '-q', '-n'));
    expect(proxyNoise.stdout).not.toMatch(/10\.99\.0/);
  });
});
