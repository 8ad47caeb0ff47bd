// Rune users: the accounts of RUNES/users, the same on each PC with the same numbers, and their SSH keys. Keys lie in /etc/ssh/authorized_keys.d, not in the
// homes, which may be on a server. A home is made when somebody logs in first.

import * as z from 'zod/mini';
import type { Log } from '../../../log.ts';
import type { RootFiles } from '../../contract/root-files.ts';
import { defineRune } from '../../contract/rune.ts';
import { type AccountChanges, type AccountFiles, withUsers } from '../../users/account-files.ts';
import { type ListedUser, parseUsers } from '../../users/parse-users.ts';

/** shadow and gshadow hold hashes: root writes, group shadow reads. Their owner and group stay. */
const HASHES = 0o640;
const FILES = [
  { name: 'passwd', path: '/etc/passwd', mode: 0o644 },
  { name: 'group', path: '/etc/group', mode: 0o644 },
  { name: 'shadow', path: '/etc/shadow', mode: HASHES },
  { name: 'gshadow', path: '/etc/gshadow', mode: HASHES },
] as const;
const KEYS = '/etc/ssh/authorized_keys.d';
const SSHD_DROP_INS = '/etc/ssh/sshd_config.d';
const SSHD_TEXT = `# Written by Viver at every start: keys of RUNES/users.\nAuthorizedKeysFile .ssh/authorized_keys ${KEYS}/%u\n`;
const SESSION = '/etc/pam.d/common-session';
/** pam_mkhomedir(8). */
const MAKE_HOME = 'session optional pam_mkhomedir.so umask=0077';
const SHELLS = ['/bin/bash', '/bin/sh'];

const settings = z.object({
  lists: z
    ._default(z.array(z.object({ path: z.string(), text: z.string() })), [])
    .check(z.describe('set by the host process: RUNES/users of image and medium')),
});

export const users = defineRune({
  name: 'users',
  version: 1,
  stage: 'configure',
  summary: 'accounts and SSH keys of RUNES/users',
  offers: [],
  needs: [],
  settings,
  async start({ files, log, settings: { lists } }) {
    const listed = listedUsers(lists, log);
    if (listed.length === 0) {
      log.info('nothing to do: RUNES/users names nobody');
      return;
    }
    const [{ added }] = await Promise.all([
      writeAccounts(files, listed, log),
      writeKeys(files, listed, log),
      makeHomes(files, log),
    ]);
    const keys = listed.reduce((sum, user) => sum + user.keys.length, 0);
    log.info(`${listed.length} listed, new: ${added.join(', ') || 'nobody'}; ${keys} SSH keys`);
  },
});

interface Listed extends ListedUser {
  readonly path: string;
}

/** The medium's line for a name takes the place of the image's. */
function listedUsers(lists: readonly { path: string; text: string }[], log: Log): Listed[] {
  const byName = new Map<string, Listed>();
  for (const { path, text } of lists) {
    const { users: found, faults } = parseUsers(text);
    for (const { line, message } of faults) log.error(`${path}:${line}: ${message}`);
    for (const user of found) byName.set(user.name, { ...user, path });
  }
  return [...byName.values()];
}

async function writeAccounts(files: RootFiles, listed: readonly Listed[], log: Log): Promise<AccountChanges> {
  const [before, shells] = await Promise.all([
    readAccounts(files),
    Promise.all(SHELLS.map((shell) => files.exists(shell))),
  ]);
  const shell = SHELLS.find((_, index) => shells[index]) ?? '/bin/sh';
  const changes = withUsers(before, listed, shell);
  for (const { name, line, message } of changes.faults) {
    log.error(`${listed.find((user) => user.name === name)?.path}:${line}: ${message}`);
  }
  await Promise.all(
    FILES.map(({ name, path, mode }) => {
      const text = changes.files[name];
      return text === undefined || text === before[name] ? undefined : files.writeText(path, text, mode);
    }),
  );
  return changes;
}

async function readAccounts(files: RootFiles): Promise<AccountFiles> {
  const [passwd = '', group = '', shadow, gshadow] = await Promise.all(FILES.map(({ path }) => files.readText(path)));
  return { passwd, group, shadow, gshadow };
}

async function writeKeys(files: RootFiles, listed: readonly Listed[], log: Log): Promise<void> {
  const withKeys = listed.filter(({ keys }) => keys.length > 0);
  if (withKeys.length === 0) return;
  const config = await files.readText('/etc/ssh/sshd_config');
  if (config === undefined) return log.warn('the image has no SSH server: the keys are of no use');
  // sshd takes the first value it finds.
  const first = config.split('\n').find((line) => /^\s*(Include|AuthorizedKeysFile)\s/i.test(line));
  if (!first || !/^\s*Include\s.*\/sshd_config\.d\//i.test(first))
    await files.writeText('/etc/ssh/sshd_config', `Include ${SSHD_DROP_INS}/*.conf\n${config}`);
  await Promise.all([
    files.writeText(`${SSHD_DROP_INS}/00-viver.conf`, SSHD_TEXT),
    ...withKeys.map(({ name, keys }) => files.writeText(`${KEYS}/${name}`, keys.map((key) => `${key}\n`).join(''))),
  ]);
}

async function makeHomes(files: RootFiles, log: Log): Promise<void> {
  const session = await files.readText(SESSION);
  if (session === undefined) return log.warn(`the image has no ${SESSION}: homes of new accounts are not made`);
  if (session.includes('pam_mkhomedir')) return;
  await files.writeText(SESSION, `${session.trimEnd()}\n# Written by Viver at every start.\n${MAKE_HOME}\n`);
}
