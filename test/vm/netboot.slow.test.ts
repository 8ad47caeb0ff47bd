// Real firmware against the boot engines, in QEMU on a tap of our own segment: iPXE in a BIOS NIC, and OVMF's native PXE, which loads
// iPXE first; each with our own addresses and beside a foreign DHCP server (dnsmasq). A machine has arrived when the initrd has been
// fetched by HTTP; that the kernel starts is shown by the lab. The "kernel" is an iPXE, in the format that each firmware starts.
// Needs root (network namespaces, taps), qemu-system-x86, ovmf, ipxe, dnsmasq. Emulated: about a minute each.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createWire, type Program, type Wire, type WireHost } from '../interop/wire.ts';

const server = '10.98.0.1';
const program = new URL('../interop/boot-server-program.ts', import.meta.url).pathname;
const mac = '52:54:00:98:00:01';
const BOOT_MS = 200_000;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-netboot-'));
  for (const name of ['snponly.efi', 'undionly.kpxe']) copyFileSync(`/usr/lib/ipxe/${name}`, join(folder, name));
  for (const name of ['vmlinuz', 'initrd']) writeFileSync(join(folder, name), name);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const machine = (...more: string[]): string[] => [
  '-accel',
  'tcg,thread=multi',
  '-cpu',
  'max',
  '-m',
  '512',
  '-display',
  'none',
  '-serial',
  'stdio',
  '-monitor',
  'none',
  '-no-reboot',
  '-netdev',
  'tap,id=wire,ifname=tap0,script=no,downscript=no',
  ...more,
];

/** iPXE is the NIC's own ROM. */
const bios = () => machine('-machine', 'pc', '-device', `e1000,netdev=wire,mac=${mac},bootindex=1`);

/** No ROM: OVMF's own driver and PXE code. */
function uefi(): string[] {
  copyFileSync('/usr/share/OVMF/OVMF_VARS_4M.fd', join(folder, 'vars.fd'));
  return machine(
    '-machine',
    'q35',
    '-drive',
    'if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd',
    '-drive',
    `if=pflash,format=raw,file=${join(folder, 'vars.fd')}`,
    '-device',
    `virtio-net-pci,netdev=wire,mac=${mac},romfile=,bootindex=1`,
  );
}

describe.each(['server', 'proxy'] as const)('as %s', (mode) => {
  let wire: Wire;
  let engine: Program;
  let bridge: WireHost;

  beforeEach(async () => {
    wire = createWire('vnetboot');
    const host = wire.host('server', { address: `${server}/24` });
    if (mode === 'proxy') {
      const foreign = wire.host('foreign', { address: '10.98.0.9/24' });
      foreign.start('dnsmasq', [
        '-d',
        '-C',
        '/dev/null',
        '--port=0',
        '--dhcp-range=10.98.0.200,10.98.0.220',
        '--leasefile-ro',
      ]);
    }
    bridge = wire.tap('tap0');
    engine = host.start(process.execPath, [
      program,
      JSON.stringify({ nic: 'eth0', address: server, mode, files: folder, leaseSeconds: 600 }),
    ]);
    await engine.waitFor(/ready/, 10_000);
  });
  afterEach(() => wire.close());

  test('BIOS, iPXE in the NIC: script, kernel and initrd by HTTP', {
    timeout: BOOT_MS + 20_000,
  }, async () => {
    copyFileSync('/usr/lib/ipxe/ipxe.lkrn', join(folder, 'vmlinuz'));
    bridge.start('qemu-system-x86_64', bios());
    const text = await engine.waitFor(/GET \/initrd 200/, BOOT_MS);
    expect(text).toMatch(/GET \/boot\.ipxe 200[\s\S]*GET \/vmlinuz 200/);
    expect(text).toMatch(/offer .*to ipxe, boots http/);
  });

  test('UEFI PXE: iPXE by TFTP, then script, kernel and initrd by HTTP', { timeout: BOOT_MS + 20_000 }, async () => {
    copyFileSync('/usr/lib/ipxe/ipxe.efi', join(folder, 'vmlinuz'));
    bridge.start('qemu-system-x86_64', uefi());
    const text = await engine.waitFor(/GET \/initrd 200/, BOOT_MS);
    expect(text).toMatch(/offer .*to uefi-x64, boots snponly\.efi/);
    expect(text).toMatch(/snponly\.efi: done[\s\S]*GET \/boot\.ipxe 200[\s\S]*GET \/vmlinuz 200/);
  });
});
