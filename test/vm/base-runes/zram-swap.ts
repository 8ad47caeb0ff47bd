import { expect } from 'vitest';
import type { Check } from './check.ts';

/** Memory that each guest has for programs while nothing presses; a part of it has to go to zram when more than that is wanted. */
const PRESSURE_SECONDS = 60;

export const zramSwap: readonly Check[] = [
  {
    rune: 'zram-swap',
    title: 'half of the RAM before compression, in front of all other swap',
    run: async ({ sh }) => {
      const total = Number(await sh("awk '/^MemTotal/ { print $2 }' /proc/meminfo"));
      const [device, size, priority] = (
        await sh('swapon --noheadings --raw --bytes --show=NAME,SIZE,PRIO | grep zram')
      ).split(' ');
      expect(device).toMatch(/^\/dev\/zram\d$/);
      expect(Number(size) / 1024 / total).toBeCloseTo(0.5, 1);
      expect(priority).toBe('100');
      expect(await sh('systemctl is-active viver-zram-swap.service')).toBe('active');
    },
  },
  {
    rune: 'zram-swap',
    title: 'programs go there when memory is short, the process that serves the root does not',
    on: 'node',
    run: async ({ sh }) => {
      expect(await sh('cat /sys/fs/cgroup/init.scope/memory.swap.max')).toBe('0');
      const pid = await sh('cat /run/viver/pid');
      expect(await sh(`cat /proc/${pid}/cgroup`)).toBe('0::/init.scope');
      // A sleeping program whose memory nobody uses, and a memory file system that wants what is left.
      await sh(`systemd-run --quiet --unit=idle-program sh -c 'text=$(head -c 60000000 /dev/zero | tr "\\\\0" x); sleep 600; echo "$text"'
        sleep 5; mkdir -p /run/hog && mount -t tmpfs -o size=100% hog /run/hog
        available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
        for piece in $(seq $(((available + 40) / 8))); do head -c 8388608 /dev/zero >/run/hog/$piece; sleep 0.2; done`);
      const used = async () =>
        Number(await sh("swapon --noheadings --raw --bytes --show=NAME,USED | awk '/zram/ { print $2 }'"));
      await expect.poll(used, { timeout: PRESSURE_SECONDS * 1000, interval: 3000 }).toBeGreaterThan(8 * 2 ** 20);
      const swapped = await sh(`awk '/^VmSwap/ { print $2 }' /proc/${pid}/status`);
      const kept = await sh(`awk '/^VmRSS/ { print $2 }' /proc/${pid}/status`);
      console.log(`zram holds ${await used()} bytes; the node has ${kept} kB in memory and ${swapped} kB swapped`);
      await sh('systemctl stop idle-program; umount /run/hog');
      expect(Number(swapped)).toBeLessThan(8 * 1024);
      expect(await sh('dmesg | grep -c "oom-kill" || :')).toBe('0');
    },
  },
];
