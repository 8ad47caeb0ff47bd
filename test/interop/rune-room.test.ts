// The first machine's runes in their thread, on a wire, met by busybox udhcpc, tftp and curl. Needs root (network namespaces), busybox, curl.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Facts } from '../../src/runes/contract/facts.ts';
import { createWire, type Program, type Wire, type WireHost } from './wire.ts';

const server = '10.97.0.1';
const magnet = `magnet:?xt=urn:btmh:1220abcd&dn=debian&x.pe=${server}:6881`;
const program = new URL('./rune-room-program.ts', import.meta.url).pathname;
let folder: string;
let wire: Wire;
let room: Program;
let client: WireHost;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-room-'));
  for (const name of ['vmlinuz', 'initrd', 'undionly.kpxe', 'snponly.efi'])
    writeFileSync(join(folder, name), `<${name}>`);
  writeFileSync(
    join(folder, 'udhcpc.sh'),
    '#!/bin/sh\n[ "$1" = bound ] && ip addr replace $ip/$mask dev $interface\necho "$1 ip=$ip hostname=$hostname boot_file=$boot_file siaddr=$siaddr"\n',
  );
  chmodSync(join(folder, 'udhcpc.sh'), 0o755);
  mkdirSync(join(folder, 'RUNES'));
  mkdirSync(join(folder, 'run'));
  writeFileSync(join(folder, 'run/key'), '<key>');
  writeFileSync(
    join(folder, 'RUNES', 'machines'),
    `52:54:00:97:00:b7 lab-07 10.97.0.7 role=lab # below the pool\n52:54:00:97:00:b8 lab-08 10.97.0.100 # in the pool\n` +
      `52:54:00:97:00:b9 lab-09 10.98.0.9 # of another network\n`,
  );
  wire = createWire('vroom');
  const host = wire.host('server', { address: `${server}/24` });
  client = wire.host('client');
  const facts: Facts = {
    role: 'first',
    kernelRelease: '6.1',
    commandLine: 'console=ttyS0 viver.share=20% viver.media=usb',
    nics: [],
    bootNic: {
      name: 'eth0',
      mac: '52:54:00:97:00:01',
      address: server,
      netmask: '255.255.255.0',
      dnsServers: [],
      addressSource: 'own',
    },
    bootSet: {
      kernel: join(folder, 'vmlinuz'),
      initrdParts: [join(folder, 'initrd')],
      loaders: folder,
      keyPart: join(folder, 'run/key'),
    },
    field: { magnet, port: 6881, label: 'debian' },
  };
  room = host.start(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    program,
    JSON.stringify(facts),
    folder,
  ]);
  await room.waitFor(/ready/, 20_000);
});

afterAll(async () => {
  await wire.close();
  rmSync(folder, { recursive: true, force: true });
});

test('all start, the DHCP rune last', () => {
  const report = JSON.parse(/^report (.*)$/m.exec(room.text())![1]!);
  expect(report).toMatchObject({ faults: [], setAside: [] });
  const started = report.started.map(({ rune }: { rune: string }) => rune);
  expect(started.toSorted()).toEqual(['address-keeper', 'dhcp', 'http', 'room-hosts', 'tftp']);
  expect(started.at(-1)).toBe('dhcp');
});

test('a PXE client gets address, name and loader, fetches it, the script, kernel and initrd', async () => {
  wire.plug(client, 'pc1', { mac: '52:54:00:97:00:aa' });
  const script = join(folder, 'udhcpc.sh');
  const { stdout } = client.run('busybox', [
    'udhcpc',
    '-f',
    '-q',
    '-n',
    '-i',
    'pc1',
    '-s',
    script,
    '-t',
    '8',
    '-T',
    '2',
    '-V',
    'PXEClient:Arch:00000:UNDI:002001',
  ]);
  expect(stdout).toMatch(/^bound ip=10\.97\.0\.\d+ hostname=pc-9700aa boot_file=undionly\.kpxe siaddr=10\.97\.0\.1$/m);
  const loader = join(folder, 'fetched');
  client.run('busybox', ['tftp', '-g', '-r', 'undionly.kpxe', '-l', loader, server]);
  expect(readFileSync(loader, 'utf8')).toBe('<undionly.kpxe>');
  const get = (path: string) => client.run('curl', ['-sf', `http://${server}${path}`]).stdout;
  expect(get('/boot.ipxe')).toContain(
    `kernel vmlinuz initrd=initrd.img BOOTIF=01-\${netX/mac:hexhyp} viver.image=${magnet} console=ttyS0 viver.share=20% \${own} ||`,
  );
  expect([get('/vmlinuz'), get('/initrd')]).toEqual(['<vmlinuz>', expect.stringMatching(/^<initrd>/)]);
  expect(JSON.parse(get('/status'))).toMatchObject({ magnet, field: { held: 1 } });
});

/** What a new machine with this MAC gets from the room's DHCP server. */
function lease(mac: string, ...more: string[]): { ip?: string; hostname?: string } {
  const nic = `pc${mac.slice(-2)}${mac.slice(3, 5)}`;
  wire.plug(client, nic, { mac });
  const args = ['udhcpc', '-f', '-q', '-n', '-i', nic, '-s', join(folder, 'udhcpc.sh'), '-t', '8', '-T', '2', ...more];
  const { stdout } = client.run('busybox', args);
  return /^bound ip=(?<ip>\S+) hostname=(?<hostname>\S+) /m.exec(stdout)?.groups ?? {};
}

test('a machine of the list gets its name and its address, in the pool or outside of it, and nobody else does', () => {
  const thief = lease('52:54:00:97:00:cc', '-r', '10.97.0.100');
  expect(thief.ip).toMatch(/^10\.97\.0\./);
  expect(['10.97.0.7', '10.97.0.100']).not.toContain(thief.ip);
  expect(lease('52:54:00:97:00:b7')).toEqual({ ip: '10.97.0.7', hostname: 'lab-07' });
  expect(lease('52:54:00:97:00:b8', '-r', '10.97.0.33')).toEqual({ ip: '10.97.0.100', hostname: 'lab-08' });
});

test('an address of another network is said, and the machine gets one of the pool and its name', () => {
  expect(room.text()).toContain("lab-09 can't have 10.98.0.9: it is no address of this network");
  const { ip, hostname } = lease('52:54:00:97:00:b9');
  expect(ip).toMatch(/^10\.97\.0\./);
  expect(hostname).toBe('lab-09');
});

test('the role of the list is in the boot script', () => {
  expect(client.run('curl', ['-sf', `http://${server}/boot.ipxe`]).stdout).toContain(
    `iseq \${netX/mac} 52:54:00:97:00:b7 && set own viver.role=lab ||`,
  );
});

test('two machines whose MACs end alike have two names', () => {
  expect(lease('52:54:00:97:00:dd').hostname).toBe('pc-9700dd');
  expect(lease('02:00:00:97:00:dd').hostname).toBe('pc-020000' + '9700dd');
});

describe("the room's key goes", () => {
  const initrd = (host: WireHost) => host.run('curl', ['-sf', `http://${server}/initrd`]).stdout;
  const guest = (mac: string) => {
    const host = wire.host(`guest${mac.slice(-2)}`, { mac });
    const script = join(folder, 'udhcpc.sh');
    const { stdout } = host.run('busybox', [
      'udhcpc',
      '-f',
      '-q',
      '-n',
      '-i',
      'eth0',
      '-s',
      script,
      '-t',
      '8',
      '-T',
      '2',
    ]);
    return { host, ip: /^bound ip=(\S+) /m.exec(stdout)?.[1] ?? '' };
  };

  test('to a machine with the address that it was given', () => {
    expect(initrd(guest('52:54:00:97:01:01').host)).toBe('<initrd><key>');
  });

  test('not to one that took an address', async () => {
    const stranger = wire.host('stranger', { address: '10.97.0.250/24' });
    expect(initrd(stranger)).toBe('<initrd>');
    await room.waitFor(/10\.97\.0\.250 starts without the room's key: 10\.97\.0\.250 was not given to /, 5000);
  });

  test("not to one that took another's address", async () => {
    const { host, ip } = guest('52:54:00:97:01:02');
    host.run('ip', ['link', 'set', 'eth0', 'down']);
    const thief = wire.host('thief', { address: `${ip}/24`, mac: '52:54:00:97:01:03' });
    expect(initrd(thief)).toBe('<initrd>');
    await room.waitFor(new RegExp(`${ip} was not given to 52:54:00:97:01:03`), 5000);
  });

  test('to nobody as a file of its own', () => {
    for (const path of ['key', 'run/key', 'run', 'RUNES/machines'])
      expect(client.run('curl', ['-sf', `http://${server}/${path}`]).stdout).toBe('');
  });
});

test('stops when it is told to', async () => {
  room.signal('SIGUSR2');
  await room.waitFor(/stopped/, 10_000);
});
