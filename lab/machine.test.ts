import { expect, test } from 'vitest';
import { type MachineDescription, type MachineFiles, macOf, qemuArguments } from './machine.ts';

const BIOS: MachineDescription = {
  name: 'node-2',
  firmware: 'bios',
  medium: { kind: 'none' },
  nic: 'virtio',
  memoryMiB: 1024,
};
const FILES: MachineFiles = { accelerator: 'tcg', serialLog: '/logs/node-2.log' };

function valuesOf(option: string, args: readonly string[]): string[] {
  return args.flatMap((word, index) => (word === option ? [args[index + 1]!] : []));
}

test('a diskless machine boots from its network card', () => {
  const args = qemuArguments(BIOS, FILES);
  expect(valuesOf('-drive', args)).toEqual([]);
  expect(valuesOf('-netdev', args)).toEqual(['stream,id=room,server=off,addr.type=fd,addr.str=5']);
  expect(valuesOf('-device', args)).toContain(`virtio-net-pci,netdev=room,mac=${macOf('node-2')},bootindex=1`);
  expect(valuesOf('-m', args)).toEqual(['1024M']);
});

test('emulation keeps its translated code in bounds; KVM shows the real processor', () => {
  expect(valuesOf('-accel', qemuArguments(BIOS, FILES))).toEqual(['tcg,thread=multi,tb-size=256']);
  const kvm = qemuArguments(BIOS, { ...FILES, accelerator: 'kvm' });
  expect(valuesOf('-accel', kvm)).toEqual(['kvm']);
  expect(valuesOf('-cpu', kvm)).toEqual(['host']);
});

test('a stick comes first, on USB, and is never written to; commas in its name survive', () => {
  const args = qemuArguments({ ...BIOS, medium: { kind: 'usb', image: '/a,b/stick.img' } }, FILES);
  expect(valuesOf('-drive', args)).toEqual(['if=none,id=medium,format=raw,file=/a,,b/stick.img,snapshot=on']);
  expect(valuesOf('-device', args)).toContain('usb-storage,drive=medium,removable=on,bootindex=0');
  expect(valuesOf('-device', args)).toContain('qemu-xhci');
});

test('UEFI has its code read-only and its own variables', () => {
  const files = { ...FILES, uefiCode: '/code.fd', uefiVariables: '/vars.fd' };
  expect(valuesOf('-drive', qemuArguments({ ...BIOS, firmware: 'uefi' }, files))).toEqual([
    'if=pflash,unit=0,format=raw,readonly=on,file=/code.fd',
    'if=pflash,unit=1,format=raw,file=/vars.fd',
  ]);
});

test('a given kernel takes the first place in the boot order', () => {
  const kernel = { image: '/vmlinuz', initrd: '/initrd', commandLine: 'quiet' };
  const args = qemuArguments({ ...BIOS, kernel, medium: { kind: 'disk', image: '/d' } }, FILES);
  expect(args.join(' ')).not.toContain('bootindex');
  expect(valuesOf('-append', args)).toEqual(['quiet']);
});

test.each([{ name: 'UPPER' }, { name: '../x' }, { name: '' }, { memoryMiB: 10 }, { memoryMiB: 1.5 }])(
  '%j is no machine',
  (wrong) => {
    expect(() => qemuArguments({ ...BIOS, ...wrong }, FILES)).toThrow(/LAB|machine|memory/);
  },
);

test('a closed network leads to one port of the host and nowhere else', () => {
  const [network] = valuesOf('-netdev', qemuArguments({ ...BIOS, hostPort: 4711 }, FILES));
  expect(network).toMatch(/^user,id=room,restrict=on,guestfwd=tcp:10\.0\.2\.100:6881-cmd:'[^']+' '[^']+' '4711'$/);
});

test('an address follows from the name, and names have different ones', () => {
  expect(macOf('first')).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/);
  expect(macOf('first')).toBe(macOf('first'));
  expect(new Set(Array.from({ length: 200 }, (_, index) => macOf(`node-${index}`))).size).toBe(200);
});
