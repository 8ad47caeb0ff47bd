import { describe, expect, test } from 'vitest';
import { isBelow, parseFstabSwapFiles, parseMountInfo, parseSwapFiles, planCapture } from './capture-plan.ts';

describe('planCapture', () => {
  const mounts = [
    { path: '/', type: 'ext4' },
    { path: '/home', type: 'xfs' },
    { path: '/boot/efi', type: 'vfat' },
    { path: '/proc', type: 'proc' },
    { path: '/sys/fs/cgroup', type: 'cgroup2' },
    { path: '/srv/nfs', type: 'nfs4' },
    { path: '/mnt/stick', type: 'vfat' },
    { path: '/var/lib/docker/overlay2/a/merged', type: 'overlay' },
    { path: '/snap/core/1', type: 'squashfs' },
    { path: '/odd [name]*', type: 'tmpfs' },
  ];

  test('partitions of the running system belong to it, everything else that is mounted does not', () => {
    const plan = planCapture('/', mounts, []);
    expect(plan.included).toEqual(['/home (xfs)', '/boot/efi (vfat)']);
    expect(plan.leftOut.map((line) => line.split(' (')[0])).toEqual(mounts.slice(3).map(({ path }) => path));
    expect(plan.patterns).toContain('srv/nfs/*');
    expect(plan.patterns).toContain('srv/nfs/.*');
    expect(plan.patterns).not.toContain('home/*');
  });

  test('a mount point with a glob in its name stands for itself alone', () => {
    expect(planCapture('/', mounts, []).patterns).toContain('odd \\[name\\]\\*/*');
  });

  test('mounts beside the root do not concern it', () => {
    expect(planCapture('/srv/tree', mounts, [])).toMatchObject({ included: [], leftOut: [] });
  });

  test('files of its own and of the user are left out', () => {
    const { patterns } = planCapture('/', [], ['/opt/*.iso', 'home/*/cache'], ['/data/x.viver', '/elsewhere']);
    expect(patterns).toEqual(
      expect.arrayContaining(['opt/*.iso', 'home/*/cache', 'data/x.viver', 'proc/*', 'proc/.*']),
    );
    expect(planCapture('/data', [], [], ['/data/x', '/other/y']).patterns).toContain('x');
    expect(planCapture('/data', [], [], ['/other/y']).patterns.join()).not.toContain('other');
  });
});

test('mountinfo: the octal escapes of the kernel, and optional fields', () => {
  const text = [
    '29 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw',
    '30 29 0:5 / /a\\040b rw,nosuid master:1 propagate_from:2 - tmpfs tmpfs rw',
    '',
  ].join('\n');
  expect(parseMountInfo(text)).toEqual([
    { path: '/', type: 'ext4' },
    { path: '/a b', type: 'tmpfs' },
  ]);
});

test('swap files in use and in fstab; partitions are not files', () => {
  const swaps = 'Filename Type Size Used Priority\n/swap\\040file file 1 0 -2\n/dev/sda2 partition 1 0 -3\n';
  expect(parseSwapFiles(swaps)).toEqual(['/swap file']);
  const fstab = '# x\n/swapfile none swap sw 0 0\n/dev/sda2 none swap sw 0 0\nUUID=1 none swap sw\n/x / ext4\n';
  expect(parseFstabSwapFiles(fstab)).toEqual(['/swapfile']);
});

test('isBelow', () => {
  expect(isBelow('/', '/a')).toBe(true);
  expect(isBelow('/a', '/a/b')).toBe(true);
  expect(isBelow('/a', '/ab')).toBe(false);
});
