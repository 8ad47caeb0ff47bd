// Rune home: /home from a server of the room or the school, by NFS or SSH, with what the image has for it. Without a setting it does nothing.

import * as z from 'zod/mini';
import { defineRune } from '../../contract/rune.ts';
import { firstThere } from './first-there.ts';
import { addEntries } from './fstab-entries.ts';
import { homeSource } from './home-source.ts';

const HOST_KEYS = '/etc/ssh/viver_home_hosts';
/** mount(8)'s helper of each kind, and the Debian package that has it. */
const HELPERS = {
  nfs: { program: 'mount.nfs', package: 'nfs-common' },
  sshfs: { program: 'mount.fuse.sshfs', package: 'sshfs' },
} as const;

const path = z.string().check(z.regex(/^\/[^,\s]*$/, 'an absolute path without blanks or commas is wanted'));

const settings = z.object({
  from: z.optional(z.string()).check(z.describe('nfs://SERVER/EXPORT or sshfs://USER@SERVER/PATH; unset: none')),
  away: z
    ._default(z.enum(['wait', 'fail']), 'wait')
    .check(z.describe('when the server is away, programs wait for it, or get errors after a while')),
  options: z
    .optional(z.string().check(z.regex(/^[^\s]*$/)))
    .check(z.describe('more options of mount(8), joined by commas, such as vers=3,nolock')),
  key: z._default(path, '/root/.ssh/id_ed25519').check(z.describe('sshfs: file in the system with the private key')),
  hostKey: z
    .optional(z.string().check(z.regex(/^[^\n]+$/)))
    .check(z.describe("sshfs: the server's line of known_hosts(5); unset: /etc/ssh/ssh_known_hosts has it")),
});

export const home = defineRune({
  name: 'home',
  version: 1,
  stage: 'configure',
  summary: '/home from a server, by NFS or SSH',
  offers: [],
  needs: [],
  after: ['fstab'], // its line for a local /home gives way
  settings,
  async start({ files, log, settings: { from, hostKey, ...wishes } }) {
    if (from === undefined) {
      log.info('no server for /home is set');
      return;
    }
    const knownHosts = hostKey === undefined ? '/etc/ssh/ssh_known_hosts' : HOST_KEYS;
    const { kind, entry } = homeSource(from, { ...wishes, knownHosts });
    const helper = HELPERS[kind];
    const places = ['/usr/sbin', '/sbin', '/usr/bin'].map((folder) => `${folder}/${helper.program}`);
    if (!(await firstThere(files, places))) {
      log.error(`/home is not mounted: the image has no ${helper.program} (Debian: ${helper.package})`);
      return;
    }
    if (kind === 'sshfs' && hostKey !== undefined) await files.writeText(HOST_KEYS, `${hostKey}\n`);
    else if (kind === 'sshfs' && !(await files.exists(knownHosts)))
      log.error(
        `/home will not be mounted: nobody knows the server's key; set hostKey, or make ${knownHosts} in the image`,
      );
    if (kind === 'sshfs' && !(await files.exists(wishes.key)))
      log.error(`/home will not be mounted: the image has no key ${wishes.key}`);
    await files.writeText('/etc/fstab', addEntries((await files.readText('/etc/fstab')) ?? '', [entry]));
    log.info(`/home from ${entry.source}, ${entry.type}`);
  },
});
