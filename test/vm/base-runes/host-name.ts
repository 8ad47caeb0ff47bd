import { expect } from 'vitest';
import type { Check } from './check.ts';

/** As the medium's list of machines has it. */
const NAMES = { first: 'teacher', node: 'lab-07' } as const;

export const hostName: readonly Check[] = [
  {
    rune: 'host-name',
    title: 'the name of the list of machines, in /etc/hostname, /etc/hosts and the kernel',
    inUserland: true,
    run: async ({ name, sh }) => {
      const expected = NAMES[name];
      expect(await sh('cat /etc/hostname /proc/sys/kernel/hostname')).toBe(`${expected}\n${expected}`);
      expect(await sh(`getent hosts ${expected}`)).toMatch(new RegExp(`\\b${expected}$`));
      expect(await sh('cat /etc/hosts')).not.toContain('vm-template');
    },
  },
  {
    rune: 'address-keeper',
    title: 'the address of the list of machines',
    on: 'node',
    run: async ({ sh }) => {
      expect(await sh('ip -4 -o address show')).toContain('inet 10.77.0.7/24');
    },
  },
];
