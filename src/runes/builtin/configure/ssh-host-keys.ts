// Rune ssh-host-keys: each machine has host keys of its own, and the same at each start. The keys that lie in the image are known to whoever has the image,
// so they go. The new one follows from the room's key and the machine's MAC; in a room without a key it is a new one at each start. What
// that means for security: docs/runes.md.

import * as z from 'zod/mini';
import { defineRune } from '../../contract/rune.ts';
import { formatOpensshKey, formatPublicKey, keyPairOf } from '../../ssh/ed25519-key.ts';
import { hostKeySeed } from '../../ssh/host-key-seed.ts';
import { machineNameOf } from './machine-name.ts';

const DIRECTORY = '/etc/ssh';
const KEY = `${DIRECTORY}/ssh_host_ed25519_key`;

const settings = z.object({
  /** From the boot medium or the boot server; never in a file of the system. */
  roomKey: z
    .optional(z.instanceof(Uint8Array))
    .check(z.describe('set by the host process: the key of the room, 32 bytes')),
});

export const sshHostKeys = defineRune({
  name: 'ssh-host-keys',
  version: 1,
  stage: 'configure',
  summary: "SSH host keys of each machine's own, not those of the image",
  offers: [],
  needs: [],
  settings,
  async start({ facts, files, log, settings: { roomKey } }) {
    const names = await files.list(DIRECTORY);
    if (!names.includes('sshd_config')) {
      log.info('nothing to do: the image has no SSH server');
      return;
    }
    const mac = (facts.bootNic ?? facts.nics[0])?.mac;
    const seed = roomKey && mac ? await hostKeySeed(roomKey, mac) : crypto.getRandomValues(new Uint8Array(32));
    const pair = await keyPairOf(seed);
    const comment = `root@${facts.machine?.name ?? (mac ? machineNameOf(mac) : 'viver')}`;
    const old = names.filter((name) => /^ssh_host_\w+_key(\.pub)?$/.test(name)).map((name) => `${DIRECTORY}/${name}`);
    await Promise.all([
      ...old.filter((path) => path !== KEY && path !== `${KEY}.pub`).map((path) => files.remove(path)),
      files.writeText(KEY, formatOpensshKey(pair, comment), 0o600),
      files.writeText(`${KEY}.pub`, formatPublicKey(pair.publicKey, comment)),
    ]);
    const origin = roomKey && mac ? "of the room's key: the same at each start" : 'new, for this start';
    log.info(`host key ${origin}; ${old.length} files of the image's keys are gone`);
  },
});
