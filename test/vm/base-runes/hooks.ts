import { expect } from 'vitest';
import { macOf } from '../../../lab/machine.ts';
import type { Check } from './check.ts';

const JOURNAL = 'journalctl -b -o cat --no-pager';

export const hooks: readonly Check[] = [
  {
    rune: 'hooks',
    title: "the medium's scripts ran in the new system, with the facts; the one that failed is named",
    run: async ({ name, sh }) => {
      const environment = await sh('cat /root/configure.env');
      expect(environment).toContain(`VIVER_MAC=${macOf(name)}\n`);
      expect(environment).toContain(`VIVER_ROLE=${name}\n`);
      expect(environment).toContain(`VIVER_HOST_NAME=${await sh('hostname')}\n`);
      expect(JSON.parse(await sh('cat /root/facts.json'))).toMatchObject({ role: name, bootNic: { mac: macOf(name) } });
      const lines = await sh(`${JOURNAL} -t viver`);
      expect(lines).toContain(`hooks/10-note: hello ${await sh('hostname')}`);
      expect(lines).toMatch(/hooks\/20-fails: this goes wrong/);
      expect(lines).toMatch(/hook medium:\/RUNES\/hooks\/configure\/20-fails failed: status 7/);
    },
  },
  {
    rune: 'hooks',
    title: 'and in the running system, with the address that it has',
    run: async ({ sh }) => {
      await expect.poll(() => sh('systemctl is-active viver-hook-10-up || :')).not.toBe('activating');
      expect(await sh(`${JOURNAL} -u viver-hook-10-up`)).toMatch(/^active$/m);
      const environment = await sh('cat /root/serve.env');
      const [address] = (await sh('hostname -I')).split(' ');
      expect(environment).toMatch(/^VIVER_ADDRESS=10\.\d+\.\d+\.\d+$/m);
      expect(address).toMatch(/^10\./);
      expect(environment).toContain(`VIVER_HOST_NAME=${await sh('hostname')}\n`);
      expect(await sh('. /run/viver/facts.env; echo "$VIVER_ROLE"')).toBe(/^VIVER_ROLE=(.*)$/m.exec(environment)?.[1]);
    },
  },
];
