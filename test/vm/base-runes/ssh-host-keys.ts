import { expect } from 'vitest';
import { macOf } from '../../../lab/machine.ts';
import { formatPublicKey, keyPairOf } from '../../../src/runes/ssh/ed25519-key.ts';
import { hostKeySeed } from '../../../src/runes/ssh/host-key-seed.ts';
import type { Check } from './check.ts';

const OWN = 'cat /etc/ssh/ssh_host_ed25519_key.pub';

export const sshHostKeys: readonly Check[] = [
  {
    rune: 'ssh-host-keys',
    title: "one key, neither the image's nor the other machine's, and the server shows it",
    inUserland: true,
    run: async ({ sh, other }) => {
      expect(await sh('ls /etc/ssh/ssh_host_*')).toBe(
        '/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_ed25519_key.pub',
      );
      expect(await sh('stat -c "%a %U" /etc/ssh/ssh_host_ed25519_key')).toBe('600 root');
      const [, own] = (await sh(OWN)).split(' ');
      expect((await sh('ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | grep -v "^#"')).split(' ')[2]).toBe(own);
      expect((await sh('cat /run/viver/image/etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1]).not.toBe(own);
      expect((await other.agent.shell(OWN)).stdout.split(' ')[1]).not.toBe(own);
    },
  },
  {
    rune: 'ssh-host-keys',
    title: "it follows from the room's key and the MAC",
    inUserland: true,
    run: async ({ name, sh, keys }) => {
      const roomKey = Uint8Array.fromBase64(keys.roomKey, { alphabet: 'base64url' });
      const { publicKey } = await keyPairOf(await hostKeySeed(roomKey, macOf(name)));
      expect((await sh(OWN)).split(' ')[1]).toBe(formatPublicKey(publicKey, '').split(' ')[1]);
    },
  },
];
