import { expect } from 'vitest';
import type { Check } from './check.ts';

export const clock: readonly Check[] = [
  {
    rune: 'clock',
    title: 'the time zone of the settings',
    inUserland: true,
    run: async ({ sh }) => {
      expect(await sh('date +%Z; readlink /etc/localtime; cat /etc/timezone 2>/dev/null || echo Asia/Tokyo')).toBe(
        'JST\n/usr/share/zoneinfo/Asia/Tokyo\nAsia/Tokyo',
      );
    },
  },
  {
    rune: 'clock',
    title: 'a machine whose battery ran out has the time of the boot server',
    on: 'node',
    run: async ({ sh }) => {
      expect(Math.abs(Number(await sh('date +%s')) - Date.now() / 1000)).toBeLessThan(30);
      expect(await sh('journalctl -b -t viver -o cat --no-pager')).toMatch(
        /^clock: \d+ minutes behind; set to that of the boot server 10\.77\.0\.1$/m,
      );
    },
  },
];
