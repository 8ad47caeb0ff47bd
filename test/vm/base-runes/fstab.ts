import { expect } from 'vitest';
import type { Check } from './check.ts';

export const fstab: readonly Check[] = [
  {
    rune: 'fstab',
    title: 'nothing waits for a disk of the old machine, and no mount or swap unit failed',
    inUserland: true,
    run: async ({ sh }) => {
      expect(await sh('grep -v "^#" /etc/fstab')).not.toMatch(/UUID=|\/dev\/mapper/);
      expect(await sh('systemctl list-units --failed --plain --no-legend --type=mount,swap,device')).toBe('');
    },
  },
];
