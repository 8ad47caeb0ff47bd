import { expect } from 'vitest';
import type { Check } from './check.ts';

const POLL = { timeout: 90_000, interval: 2000 };

export const fstab: readonly Check[] = [
  {
    rune: 'fstab',
    title: 'nothing waits for a disk of the old machine, and no mount or swap unit failed',
    inUserland: true,
    run: async ({ sh }) => {
      expect(await sh('grep -v -e "^#" -e nofail /etc/fstab')).not.toMatch(/UUID=|\/dev\/mapper/);
      expect(await sh('systemctl list-units --failed --plain --no-legend --type=mount,swap,device')).toBe('');
    },
  },
  {
    rune: 'fstab',
    title: "the PC's swap is used, its labelled file system is /scratch, Windows is left alone",
    on: 'node',
    run: async ({ sh }) => {
      // Nobody waits for them, so they may come a moment later than all else.
      const swap = () => sh('swapon --noheadings --raw --show=NAME,PRIO | grep -v zram || :');
      await expect.poll(swap, POLL).toMatch(/^\/dev\/sd\w1 10$/);
      await expect.poll(() => sh('systemctl is-active scratch.mount || :'), POLL).toBe('active');
      expect(await sh('findmnt --noheadings --raw -o SOURCE,FSTYPE,OPTIONS /scratch')).toMatch(
        /^\/dev\/sd\w2 ext4 rw,nosuid,nodev/,
      );
      await sh('echo kept >/scratch/note; sync');
      expect(await sh('findmnt --raw --noheadings -o SOURCE | grep -c "/dev/sd.3" || :')).toBe('0');
      expect(await sh('grep nofail /etc/fstab')).toMatch(/^UUID=\S+ none swap .*\nLABEL=viver-tmp \/scratch ext4 /);
    },
  },
];
