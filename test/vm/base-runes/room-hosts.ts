import { expect } from 'vitest';
import type { Check } from './check.ts';

/** Who asks, and whom for. */
const OTHERS = { first: ['lab-07', '10.77.0.7'], node: ['teacher', '10.77.0.1'] } as const;

export const roomHosts: readonly Check[] = [
  {
    rune: 'room-hosts',
    title: 'the other machine of the room is known by name, and answers',
    run: async ({ name, sh }) => {
      const [host, address] = OTHERS[name];
      const question = `getent ahostsv4 ${host} | head -n 1 || true`;
      await expect.poll(() => sh(question), { timeout: 90_000, interval: 2000 }).toMatch(`${address} `);
      await sh(`ping -c 1 -W 10 ${host}`);
      expect(await sh('readlink /etc/hosts')).toBe('/run/viver/hosts');
    },
  },
];
