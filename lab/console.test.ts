import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConsoleReader, stripControls } from './console.ts';

// Lines as QEMU's serial port gave them: SeaBIOS and iPXE, a Debian 12 that boots and shuts down, the initrd.
const BOOT = [
  '\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2-debian-1.16.2-1)\r\n',
  '\x1b[0;1miPXE 1.0.0+git-20190125.36a4c85-5.1\x1b[0m -- Open Source Network Boot Firmware -- \x1b[0;36mhttp\r\n://ipxe.org\r\n',
  '[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12)\r\n',
  '[    4.310000] viver: phase hardware: 31 modules for 24 devices\r\n',
  '[    6.020000] viver: phase handover: PID 1 is /sbin/init\r\n',
  '[    8.188028] systemd[1]: systemd 252.39-1~deb12u1 running in system mode (+PAM +AUDIT)\r\n',
  '[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\r\n',
  'viver login: root (automatic login)\r\n',
  '[\x1b[0;32m  OK  \x1b[0m] Stopped target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\r\n',
  '[   43.502239] systemd-shutdown[1]: Stopping MD devices.\r\n',
  '[   43.536552] reboot: Power down\r\n',
];
const NAMES = [
  'firmware',
  'pxe',
  'kernel',
  'hardware',
  'handover',
  'systemd',
  'multi-user',
  'login',
  'shutdown',
  'power-off',
];

function read(chunks: readonly (string | Uint8Array)[]): ConsoleReader {
  const reader = new ConsoleReader(1000);
  for (const [index, chunk] of chunks.entries()) {
    reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, 1000 + index * 500);
  }
  return reader;
}

test('a boot is told phase by phase, with both clocks', () => {
  const reader = read(BOOT);
  expect(reader.phases.map((phase) => phase.name)).toEqual(NAMES);
  expect(reader.phases[3]).toEqual({
    name: 'hardware',
    seconds: 1.5,
    kernelSeconds: 4.31,
    text: '31 modules for 24 devices',
  });
  expect(reader.phases[6]).toEqual({ name: 'multi-user', seconds: 3 });
  expect(reader.failure).toBeUndefined();
});

test('it does not matter how the line is cut', () => {
  const bytes = Buffer.from(BOOT.join(''));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 9 }), (sizes) => {
      const chunks: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        chunks.push(bytes.subarray(at, at + sizes[turn % sizes.length]!));
        at += sizes[turn % sizes.length]!;
      }
      expect(read(chunks).phases.map((phase) => phase.name)).toEqual(NAMES);
    }),
  );
});

test('push returns what is new', () => {
  const reader = new ConsoleReader(0);
  expect(reader.push(Buffer.from('[    0.000000] Linux version 6.1.0\n'), 3000).map(({ name }) => name)).toEqual([
    'kernel',
  ]);
  expect(reader.push(Buffer.from('more\n'), 4000)).toEqual([]);
});

test('a prompt counts before its line ends', () => {
  expect(read(['viver lo', 'gin: ']).has('login')).toBe(true);
});

test.each([
  '[    2.0] Kernel panic - not syncing: VFS: Unable to mount root fs\n',
  '[    9.1] viver: phase image failed: no image on any drive\n',
  'You are in emergency mode. After logging in, type "journalctl -xb"\n',
])('%j is the end of a boot', (line) => {
  expect(read([line]).failure).toBe(line.trim());
});

test('a failed phase is no phase', () => {
  expect(read(['[    9.1] viver: phase image failed: no image\n']).phases).toEqual([]);
});

test('a reset after a kernel makes a new boot; the resets of firmware do not', () => {
  const reader = read(BOOT.slice(0, 2));
  reader.reset();
  expect(reader.resets).toBe(0);
  expect(reader.has('pxe')).toBe(true);
  reader.push(Buffer.from(BOOT[2]!), 9000);
  reader.reset();
  expect(reader.resets).toBe(1);
  expect(reader.phases).toEqual([]);
});

test('noise without line ends is held in bounds', () => {
  const reader = new ConsoleReader(0);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (noise) => {
      reader.push(noise, 1);
      expect(reader.recentLines.length).toBeLessThanOrEqual(61);
    }),
  );
  reader.push(Buffer.from(`\n${'x'.repeat(100_000)}`), 1);
  expect(reader.recentLines.at(-1)!.length).toBeLessThanOrEqual(4096);
});

test('lines read as a person sees them', () => {
  expect(stripControls('\x1b[0;1;39mred\x1b[0m\x1b[2J \x1b]0;title\x07end\r')).toBe('red end');
  expect(stripControls('10 %\r20 %\r30 %\r\r')).toBe('30 %');
});

test('a phase that only the guest knows of is put on the same clock, once', () => {
  const reader = read(BOOT.slice(0, 3));
  reader.addFromGuest('multi-user', 20.5);
  reader.addFromGuest('multi-user', 99);
  expect(reader.lastPhase).toEqual({ name: 'multi-user', seconds: 21.5, kernelSeconds: 20.5 });
});
