import { expect } from 'vitest';
import type { Check } from './check.ts';

/** What a mode does is in test/vm/display.slow.test.ts: these systems have no X. */
export const display: readonly Check[] = [
  {
    rune: 'display',
    title: 'a system without X and without a setting is left alone',
    run: async ({ sh }) => {
      expect(await sh('ls -d /etc/X11/xorg.conf.d /etc/modprobe.d/viver-edid.conf 2>/dev/null || :')).toBe('');
      expect(await sh('journalctl -b -t viver -o cat --no-pager')).toContain('display: nothing to do');
    },
  },
];
