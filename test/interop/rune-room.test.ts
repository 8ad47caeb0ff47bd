// The first machine's runes in their thread, on a wire, met by busybox udhcpc, tftp and curl. Needs root (network namespaces), busybox, curl.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
    bootSet: { kernel: join(folder, 'vmlinuz'), initrdParts: [join(folder, 'initrd')], loaders: folder },
    field: { magnet, port: 6881, label: 'debian' },
  };
  room = host.start(process.execPath, ['--disable-warning=ExperimentalWarning', program, JSON.stringify(facts)]);
  await room.waitFor(/ready/, 20_000);
});

afterAll(async () => {
  await wire.close();
  rmSync(folder, { recursive: true, force: true });
});

test('all four start, the DHCP rune last', () => {
  const report = JSON.parse(/^report (.*)$/m.exec(room.text())![1]!);
  expect(report).toMatchObject({ faults: [], setAside: [] });
  expect(report.started.map(({ rune }: { rune: string }) => rune)).toEqual(['address-keeper', 'tftp', 'http', 'dhcp']);
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
    `kernel vmlinuz initrd=initrd.img BOOTIF=01-\${netX/mac:hexhyp} viver.image=${magnet} console=ttyS0 viver.share=20% ||`,
  );
  expect([get('/vmlinuz'), get('/initrd')]).toEqual(['<vmlinuz>', '<initrd>']);
  expect(JSON.parse(get('/status'))).toMatchObject({ magnet, field: { held: 1 } });
});

test('stops when it is told to', async () => {
  room.signal('SIGUSR2');
  await room.waitFor(/stopped/, 10_000);
});
