import { expect } from 'vitest';
import { builtinStage } from '../../../src/runes/builtin/builtin.ts';
import { DEFAULT_ROLES, resolveRole } from '../../../src/runes/roles/role-table.ts';
import type { Check } from './check.ts';

const configureRunes = resolveRole(DEFAULT_ROLES, 'base').runes.filter((rune) => builtinStage(rune) === 'configure');

/** Line of a rune in `journalctl -t viver`. */
const lineOf = (rune: string) => new RegExp(`^runes: rune ${rune} started in (\\d+) ms`, 'm');

export const journal: readonly Check[] = [
  {
    rune: 'all',
    title: 'the journal has a line for each rune, with the files it changed; none has a fault',
    run: async ({ sh }) => {
      const lines = await sh('journalctl -b -t viver -o cat --no-pager');
      expect(configureRunes.filter((rune) => !lineOf(rune).test(lines))).toEqual([]);
      expect(lines).toMatch(
        /rune host-name started in \d+ ms; changed \/etc\/hostname, \/etc\/hosts, \/run\/viver\/hosts/,
      );
      const errors = (await sh('journalctl -b -t viver -p err -o cat --no-pager')).split('\n');
      // The medium has a hook that is to fail.
      expect(errors.filter((line) => !line.includes('hooks/configure/20-fails'))).toEqual([]);
    },
  },
  {
    rune: 'all',
    title: 'what each rune adds to the boot',
    run: async ({ name, version, sh }) => {
      const lines = await sh('journalctl -b -t viver -o cat --no-pager');
      const costs = configureRunes.map((rune) => `${rune} ${lineOf(rune).exec(lines)?.[1]} ms`);
      const phase = /phase configure: .*/.exec(lines)?.[0];
      console.log(`Debian ${version}, ${name}: ${costs.join(', ')}; ${phase}`);
      expect(phase).toBeDefined();
    },
  },
];
