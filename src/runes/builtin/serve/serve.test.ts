// The exchange of the serve runes: real runes, real servers on the loopback (any port), the real DHCP engine fed with sample packets.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DhcpOption } from '../../../bootserver/dhcp/option-codes.ts';
import { textOption } from '../../../bootserver/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket } from '../../../bootserver/dhcp/packet.ts';
import type { DhcpPolicy } from '../../../bootserver/dhcp/policy.ts';
import {
  biosDiscover,
  efiDiscover,
  ipxeDiscover,
  osDiscover,
  requestAfter,
} from '../../../bootserver/dhcp/sample-packets.ts';
import { createEngine } from '../../../bootserver/dhcp/server.ts';
import { silentLog } from '../../../log.ts';
import type { Facts } from '../../contract/facts.ts';
import { defineRune } from '../../contract/rune.ts';
import type { CallRecord } from '../../host/options.ts';
import { type RunningRunes, startRuneHost } from '../../host/start.ts';
import { keptLog, sampleFacts } from '../../testing/room.ts';
import { addressKeeperRune, defaultPool } from './address-keeper.ts';
import { buildPolicy, dhcpRune } from './dhcp.ts';
import { httpRune, openParts } from './http.ts';
import { loaderPaths } from './loaders.ts';
import { nodeCommandLine } from './node-command-line.ts';
import { tftpRune } from './tftp.ts';

const magnet = 'magnet:?xt=urn:btmh:1220abcd&dn=debian&x.pe=127.0.0.1:6881';
let folder: string;
let facts: Facts;
let running: RunningRunes | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viver-serve-'));
  await Promise.all(
    ['vmlinuz', 'initrd-a', 'initrd-b', 'undionly.kpxe', 'snponly.efi'].map((name) =>
      writeFile(join(folder, name), `<${name}>`),
    ),
  );
  facts = {
    ...sampleFacts,
    bootNic: {
      name: 'lo',
      mac: '52:54:00:00:00:01',
      address: '127.0.0.1',
      netmask: '255.255.255.0',
      dnsServers: [],
      addressSource: 'own',
    },
    bootSet: {
      kernel: join(folder, 'vmlinuz'),
      initrdParts: [join(folder, 'initrd-a'), join(folder, 'initrd-b')],
      loaders: folder,
    },
    field: { magnet, port: 6881, label: 'debian' },
  };
});
afterEach(async () => {
  await running?.stop();
  await rm(folder, { recursive: true });
});

/** Starts the real runes, and one in the place of the DHCP rune that builds the same policy without opening port 67. */
async function startRoom() {
  let policy: DhcpPolicy | undefined;
  const calls: CallRecord[] = [];
  const dhcp = defineRune({
    ...dhcpRune,
    async start(ctx) {
      const [keeper, loader, script] = dhcpRune.needs;
      policy = await buildPolicy(ctx.ask(keeper), ctx.ask(loader), ctx.ask(script));
    },
  });
  const { log, lines } = keptLog();
  running = await startRuneHost({
    role: 'first',
    stage: 'serve',
    facts,
    log,
    inWorker: false,
    builtin: [dhcp, httpRune, tftpRune, addressKeeperRune],
    folders: [{ roles: { path: 'test', text: 'first: dhcp http tftp address-keeper' }, runes: [] }],
    services: {
      field: {
        status: () => ({ infoHash: 'abcd', sizeBytes: 1, pieces: 1, held: 1, peers: [] }),
        metainfo: () => ({ bytes: new TextEncoder().encode('d4:infoe') }),
      },
    },
    settings: { http: { port: 0 }, tftp: { port: 0 }, 'address-keeper': { probe: false } },
    onCall: (record) => calls.push(record),
  });
  expect(running.report).toMatchObject({ faults: [], setAside: [] });
  return { policy: policy!, calls, lines, started: running.report.started.map(({ rune }) => rune) };
}

function base(calls: readonly CallRecord[]): string {
  const urls = calls.find(({ call }) => call === 'boot-script.urls')!.reply as { base: string };
  return urls.base;
}

test('the exchange, message by message', async () => {
  const { policy, calls, started } = await startRoom();
  expect(started.at(-1)).toBe('dhcp');
  const sorted = calls.toSorted((a, b) => a.call.localeCompare(b.call));
  const http = base(calls);
  expect(sorted).toEqual([
    {
      from: 'dhcp',
      to: 'address-keeper',
      call: 'address-keeper.network',
      request: {},
      reply: { mode: 'server', serverAddress: '127.0.0.1', netmask: '255.255.255.0', routers: [], dnsServers: [] },
    },
    {
      from: 'dhcp',
      to: 'tftp',
      call: 'boot-loader-path.paths',
      request: {},
      reply: { paths: { bios: 'undionly.kpxe', 'uefi-x64': 'snponly.efi' } },
    },
    {
      from: 'dhcp',
      to: 'http',
      call: 'boot-script.urls',
      request: {},
      reply: { base: http, ipxe: `${http}/boot.ipxe`, uefiHttp: `${http}/snponly.efi` },
    },
  ]);
  expect(policy).toMatchObject({ mode: 'server', serverAddress: '127.0.0.1', netmask: '255.255.255.0' });
});

test('a machine boots by it: BIOS, then iPXE, then its system, at one address and with its name', async () => {
  const { policy, calls } = await startRoom();
  const engine = createEngine({ ...policy, log: silentLog });
  const arrival = { port: 67, unicast: false, sender: { address: '0.0.0.0', port: 68 } };
  const answer = async (request: DhcpPacket): Promise<DhcpPacket> => {
    let reply: DhcpPacket | undefined;
    await engine.handle(encodePacket(request), arrival, (bytes) => {
      reply = decodePacket(bytes);
    });
    return reply!;
  };
  const files: string[] = [];
  const addresses = new Set<string>();
  for (const discover of [biosDiscover, efiDiscover, ipxeDiscover, osDiscover]) {
    const offer = await answer(discover);
    const ack = await answer(requestAfter(discover, '127.0.0.1', offer.yiaddr));
    addresses.add(offer.yiaddr).add(ack.yiaddr);
    files.push(ack.file);
    expect(textOption(ack.options, DhcpOption.hostName) ?? 'pc-123456').toBe('pc-123456');
  }
  expect(files).toEqual(['undionly.kpxe', 'snponly.efi', `${base(calls)}/boot.ipxe`, '']);
  expect(addresses.size).toBe(1);
  expect(calls.filter(({ call }) => call === 'address-keeper.confirm')).toHaveLength(4);
});

test('what the others fetch', async () => {
  const { calls } = await startRoom();
  const text = async (path: string) => (await fetch(base(calls) + path)).text();
  const script = await text('/boot.ipxe');
  expect(script).toContain(`viver.image=${magnet} console=ttyS0 viver.debug quiet`);
  expect(await text('/vmlinuz')).toBe('<vmlinuz>');
  expect(await text('/initrd')).toBe('<initrd-a><initrd-b>');
  expect(await text('/snponly.efi')).toBe('<snponly.efi>');
  expect(await text('/debian.torrent')).toBe('d4:infoe');
  expect(JSON.parse(await text('/status'))).toMatchObject({
    role: 'first',
    magnet,
    field: { infoHash: 'abcd', held: 1 },
  });
  expect((await fetch(`${base(calls)}/etc/passwd`)).status).toBe(404);
});

describe('a machine that cannot serve says why', () => {
  test.each([
    ['no address', { bootNic: { ...sampleFacts.bootNic!, address: undefined } }, 'eth0 has no address to serve on'],
    [
      'no boot set',
      { bootSet: undefined },
      'this machine has no boot set (kernel, initrd, loaders) to start others with',
    ],
  ])('%s', async (_name, change, reason) => {
    const { log } = keptLog();
    running = await startRuneHost({
      role: 'first',
      stage: 'serve',
      facts: { ...facts, ...change } as Facts,
      log,
      inWorker: false,
      builtin: [dhcpRune, httpRune, tftpRune, addressKeeperRune],
      folders: [{ roles: { path: 'test', text: 'first: dhcp http tftp address-keeper' }, runes: [] }],
      services: { field: {} },
      settings: { http: { port: 0 }, tftp: { port: 0 } },
    });
    expect(running.report.setAside).toContainEqual({ rune: 'tftp', reason });
    expect(running.report.setAside.find(({ rune }) => rune === 'dhcp')?.reason).toMatch(/^needs .* is set aside: /);
  });
});

describe('parts', () => {
  test("the others' command line", () => {
    const own =
      'BOOT_IMAGE=/viver/vmlinuz initrd=initrd.img viver.image=debian.viver viver.media=usb viver.net=own viver.role=first viver.shell viver.share=20% console=tty0 console=ttyS0,115200 root=/dev/sda1 quiet';
    expect(nodeCommandLine(own, 'M', 'viver.wait=5')).toBe(
      'viver.image=M viver.share=20% console=tty0 console=ttyS0,115200 quiet viver.wait=5',
    );
    expect(() => nodeCommandLine('', 'x'.repeat(2048))).toThrow(/2060 characters/);
  });

  test('the pool leaves room at both ends of a large subnet', () => {
    const nic = (netmask: string) => ({ ...sampleFacts.bootNic!, address: '10.77.0.1', netmask });
    expect(defaultPool(nic('255.255.255.0'))).toEqual({ first: '10.77.0.20', last: '10.77.0.249' });
    expect(defaultPool(nic('255.255.255.240'))).toEqual({ first: '10.77.0.1', last: '10.77.0.14' });
  });

  test('loaders by preference, none where there is none', () => {
    expect(loaderPaths(['ipxe.efi', 'snponly.efi'])).toEqual({ 'uefi-x64': 'snponly.efi' });
    expect(loaderPaths([])).toEqual({});
  });

  test('an initrd of parts is read across their borders', async () => {
    const parts = await openParts([join(folder, 'initrd-a'), join(folder, 'initrd-b')]);
    expect(new TextDecoder().decode(await parts?.read(7, 6))).toBe('-a><in');
    await parts?.close();
    expect(await openParts([join(folder, 'initrd-a'), join(folder, 'missing')])).toBeUndefined();
  });
});
