import { expect } from 'vitest';
import { macOf } from '../../../lab/machine.ts';
import { machineNameOf } from '../../../src/runes/builtin/configure/machine-name.ts';
import type { Check } from './check.ts';

export const hostName: readonly Check[] = [
  {
    rune: 'host-name',
    title: 'the name follows from the MAC, in /etc/hostname, /etc/hosts and the kernel',
    run: async ({ name, sh }) => {
      const expected = machineNameOf(macOf(name));
      expect(await sh('hostname; cat /etc/hostname /proc/sys/kernel/hostname')).toBe(
        [expected, expected, expected].join('\n'),
      );
      expect(await sh(`getent hosts ${expected}`)).toMatch(new RegExp(`\\b${expected}$`));
      expect(await sh('cat /etc/hosts')).not.toContain('vm-template');
    },
  },
];
