import { expect } from 'vitest';
import type { Check } from './check.ts';

export const machineIdentity: readonly Check[] = [
  {
    rune: 'machine-identity',
    title: 'a machine id of its own',
    inUserland: true,
    run: async ({ sh, other }) => {
      const id = await sh('cat /etc/machine-id');
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      expect((await other.agent.shell('cat /etc/machine-id')).stdout.trim()).not.toBe(id);
    },
  },
];
