import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DriveFacts } from '../../contract/facts.ts';
import { addEntries, parseEntry, rewriteFstab } from './fstab-entries.ts';
import { planPartitions } from './local-partitions.ts';

const drive = (more: Partial<DriveFacts>): DriveFacts => ({
  device: '/dev/sda2',
  sizeBytes: 2 ** 30,
  readOnly: false,
  removable: false,
  transport: 'sata',
  type: 'ext4',
  ...more,
});
const swap = drive({ device: '/dev/sda3', type: 'swap', uuid: 'aa-bb' });
const home = drive({ label: 'viver-home' });
const lines = (drives: readonly DriveFacts[], wishes = {}) =>
  addEntries('', planPartitions(drives, { swap: 'found', ...wishes }).entries)
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));

test('swap and labelled file systems are used, and waited for by nobody', () => {
  expect(lines([swap, home, drive({ device: '/dev/sdb1', label: 'viver-tmp', type: 'xfs' })])).toEqual([
    'UUID=aa-bb none swap sw,pri=10,nofail,x-systemd.device-timeout=90s 0 0',
    'LABEL=viver-home /home ext4 defaults,nosuid,nodev,nofail,x-systemd.device-timeout=90s 0 0',
    'LABEL=viver-tmp /scratch xfs defaults,nosuid,nodev,nofail,x-systemd.device-timeout=90s 0 0',
  ]);
  expect(lines([swap, home], { swap: 'none', home: 'none' })).toEqual([]);
});

test('what can be pulled out, is read-only or belongs to another system is left alone', () => {
  const others = [
    drive({ type: 'swap', transport: 'usb', removable: true }),
    drive({ type: 'swap', transport: 'mmc' }),
    drive({ type: 'swap', readOnly: true }),
    drive({ label: 'viver-home', transport: 'usb', removable: true }),
    drive({ type: 'crypto_LUKS' }),
    drive({ type: 'ntfs' }),
    drive({ label: 'data' }),
  ];
  expect(lines(others)).toEqual([]);
});

test('a hibernated system: its swap is not used, and nothing that it may have open is mounted', () => {
  const plan = planPartitions([drive({ device: '/dev/sda3', type: 'swsuspend' }), home], { swap: 'found' });
  expect(plan.entries).toEqual([]);
  expect(plan.notes).toEqual([
    '/dev/sda3 holds a hibernated system and is left alone',
    '/home: LABEL=viver-home is not mounted: /dev/sda3 holds a hibernated system, which may have it open',
  ]);
});

test('a wish is followed also on a stick, and when it is not there yet, but never to Windows', () => {
  const stick = drive({ uuid: 'AB-1', transport: 'usb', removable: true });
  expect(lines([stick], { home: 'UUID=ab-1' })[0]).toMatch(/^UUID=ab-1 \/home ext4 /);
  expect(lines([], { scratch: 'LABEL=late' })[0]).toMatch(
    /^LABEL=late \/scratch ext4,ext3,ext2,xfs,btrfs,f2fs .*device-timeout=15s /,
  );
  const windows = planPartitions([drive({ label: 'OS', type: 'ntfs' })], { swap: 'found', home: 'LABEL=OS' });
  expect(windows).toEqual({ entries: [], notes: ['/home: LABEL=OS is not mounted: /dev/sda2 is ntfs'] });
  const twice = planPartitions([home, drive({ device: '/dev/sdb1', label: 'viver-home' })], { swap: 'found' });
  expect(twice.notes).toEqual(['/home: LABEL=viver-home is not mounted: /dev/sda2 and /dev/sdb1 have that name']);
});

test('an own line takes the place of one of the image, once', () => {
  const before = 'server:/home /home nfs defaults 0 0\nproc /proc proc defaults 0 0\n';
  const { entries } = planPartitions([home], { swap: 'found' });
  const after = addEntries(rewriteFstab(before).text, entries);
  expect(after).toContain('# another one takes its place (viver): server:/home /home nfs defaults 0 0\nproc /proc');
  expect(addEntries(rewriteFstab(after).text, entries)).toBe(after);
});

test('whatever a label is, it stays one field of one line', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: fc.constantFrom(...' \t\n\r\\#",=ax/ü\u00a0\u3000') }), (label) => {
      const { entries } = planPartitions([drive({ label })], { swap: 'none', home: `LABEL=${label}` });
      const text = addEntries('', entries).trim().split('\n');
      expect(text).toHaveLength(2);
      expect(parseEntry(text[1]!)?.target).toBe('/home');
    }),
  );
});
