import { afterEach, expect, test } from 'vitest';
import { type ConfiguredRoot, openConfiguredRoot } from '../../testing/configured-root.ts';
import { sampleFacts } from '../../testing/room.ts';
import { zramSwap } from './zram-swap.ts';

let root: ConfiguredRoot;
afterEach(() => root.remove());

const release = sampleFacts.kernelRelease;
const debian = {
  'etc/systemd/system.conf': '',
  'usr/sbin/zramctl': '',
  'usr/sbin/swapon': '',
  'sbin/mkswap': '',
  'sbin/modprobe': '',
  [`lib/modules/${release}/kernel/drivers/block/zram/zram.ko`]: '',
};
const facts = { ramBytes: 2 ** 30 };

test('half of the RAM, by a unit that is wanted by swap.target', async () => {
  root = await openConfiguredRoot(debian);
  const { changed, setAside } = await root.run(zramSwap, { facts });
  expect(setAside).toBeUndefined();
  expect(changed).toEqual([
    '/etc/systemd/system/init.scope.d/50-viver-no-swap.conf',
    '/etc/systemd/system/swap.target.wants/viver-zram-swap.service',
    '/etc/systemd/system/viver-zram-swap.service',
  ]);
  expect(await root.text('etc/systemd/system/viver-zram-swap.service')).toContain(
    'device=$$(zramctl --find --size 536870912); mkswap',
  );
});

test('size and algorithm as set', async () => {
  root = await openConfiguredRoot(debian);
  await root.run(zramSwap, { facts, settings: { size: '300M', algorithm: 'zstd' } });
  expect(await root.text('etc/systemd/system/viver-zram-swap.service')).toContain(
    '--size 314572800 --algorithm zstd);',
  );
});

test.each([
  [{ size: 0 }, {}, 'its size is 0'],
  [{}, { 'etc/systemd/zram-generator.conf': '' }, 'the image has its own, /etc/systemd/zram-generator.conf'],
  [{}, { [`lib/modules/${release}/kernel/drivers/block/zram/zram.ko`]: undefined }, `no module zram for ${'kernel'}`],
  [{}, { 'usr/sbin/zramctl': undefined, 'sbin/mkswap': undefined }, 'the image has no zramctl, mkswap'],
])('%j %j: nothing is done, and why is said', async (settings, more, why) => {
  const files = Object.entries({ ...debian, ...more }).filter((entry): entry is [string, string] => entry[1] === '');
  root = await openConfiguredRoot(Object.fromEntries(files));
  const { changed, lines } = await root.run(zramSwap, { facts, settings });
  expect(changed).toEqual([]);
  expect(lines.join('\n')).toContain(why);
});

test.each([{ size: 'much' }, { algorithm: 'x; reboot' }])('%j is refused', async (settings) => {
  root = await openConfiguredRoot(debian);
  const { changed, setAside } = await root.run(zramSwap, { facts, settings });
  expect(changed).toEqual([]);
  expect(setAside).toMatch(/RUNES_BAD_MESSAGE|settings of zram-swap/);
});
