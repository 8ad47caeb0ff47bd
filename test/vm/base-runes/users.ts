import { expect } from 'vitest';
import type { Check } from './check.ts';

export const users: readonly Check[] = [
  {
    rune: 'users',
    title: 'an account of the medium has one number everywhere, its groups, its password; the files keep their modes',
    inUserland: true,
    run: async ({ sh, other }) => {
      const id = await sh('id anna');
      expect(id).toMatch(/^uid=[2-4]\d{4}\(anna\).*audio.*video/);
      expect((await other.agent.shell('id anna')).stdout.trim()).toBe(id);
      const modes = 'stat -c "%a %U:%G" /etc/passwd /etc/group /etc/shadow /etc/gshadow';
      expect(await sh(modes)).toBe('644 root:root\n644 root:root\n640 root:shadow\n640 root:shadow');
      expect(await sh('grep ^root: /etc/shadow')).toBe(await sh('grep ^root: /run/viver/image/etc/shadow'));
      expect(await sh('grpck -r')).toBe('');
    },
  },
  {
    rune: 'users',
    title: 'the key opens the other machine, and the first login makes a home',
    inUserland: true,
    run: async ({ name, machine, sh, keys }) => {
      const to = name === 'first' ? '10.77.0.7' : '10.77.0.1';
      await machine.agent.writeFile('/run/bench-key', Buffer.from(keys.sshKey));
      const options = '-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/run/bench-known';
      const ssh = (user: string, script: string) =>
        sh(`chmod 600 /run/bench-key; ssh ${options} -i /run/bench-key ${user}@${to} '${script}'`);
      const home = await ssh('anna', 'cd; pwd; stat -c "%a %U:%G" .; touch x && ls');
      expect(home).toBe('/home/anna\n700 anna:anna\nx');
      expect(await ssh('root', 'id -un')).toBe('root');
    },
  },
];
