// The list of users (RUNES/users): one account per line, `NAME [GROUP,GROUP...|-] [key=value ...]`; indented lines below it are SSH public keys, as they
// stand in an authorized_keys file. Comments begin with '#' at the start of a line. Faults carry line numbers; the good lines count. Pure.

export interface ListedUser {
  /** 1-based. */
  readonly line: number;
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: number;
  readonly shell?: string;
  readonly home?: string;
  /** crypt(5), for shadow(5). */
  readonly passwordHash?: string;
  readonly keys: readonly string[];
}

export interface UserFault {
  readonly line: number;
  readonly message: string;
}

export interface ParsedUsers {
  readonly users: readonly ListedUser[];
  readonly faults: readonly UserFault[];
}

/** Hundreds of accounts with a few keys each. */
export const MAX_USERS_BYTES = 1024 * 1024;
/** login.defs(5), UID_MAX of the distributions. */
const MAX_UID = 60_000;
const LEAST_UID = 1000;

/** useradd(8): what all programs take. */
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/;
/** crypt(5): `$id$...`, or no password at all. */
const HASH = /^(\$[0-9a-z]{1,4}\$[./A-Za-z0-9$=,_-]+|[!*])$/;
const ABSOLUTE_PATH = /^(\/[A-Za-z0-9._+-]+)+$/;
/** sshd(8), AUTHORIZED_KEYS FILE FORMAT: options, then kind, base64 and a comment. */
const KEY = /(^|\s)(ssh-(ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-[a-z0-9-]+@openssh\.com) [A-Za-z0-9+/]+={0,2}(\s|$)/;

/** Parses the text of one list. Never throws. */
export function parseUsers(text: string): ParsedUsers {
  if (text.length > MAX_USERS_BYTES) {
    return { users: [], faults: [{ line: 0, message: `longer than ${MAX_USERS_BYTES} bytes` }] };
  }
  const users: ListedUser[] = [];
  const faults: UserFault[] = [];
  let keys: string[] | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    if (/^\s*(#|$)/.test(raw)) continue;
    if (/^\s/.test(raw)) {
      const message = keys ? keyFault(raw.trim()) : 'a key without an account above it';
      if (message !== undefined) faults.push({ line, message });
      else keys?.push(raw.trim());
      continue;
    }
    keys = [];
    const user = parseAccount(raw.split(/\s+/).filter(Boolean), { line, keys, users });
    if (typeof user === 'string') faults.push({ line, message: user });
    else users.push(user);
  }
  return { users, faults };
}

function keyFault(text: string): string | undefined {
  if (/PRIVATE KEY/.test(text)) return 'a private key: only public ones belong here';
  return KEY.test(text) && !/\p{Cc}/u.test(text) ? undefined : `no SSH public key: '${text.slice(0, 40)}'`;
}

interface Place {
  readonly line: number;
  readonly keys: readonly string[];
  readonly users: readonly ListedUser[];
}

function parseAccount([name = '', ...words]: readonly string[], { line, keys, users }: Place): ListedUser | string {
  if (!NAME.test(name)) return `'${name}' is no user name (small letters, digits, - and _, 32 at most)`;
  const before = users.find((user) => user.name === name);
  if (before) return `${name} is in line ${before.line} already`;
  const groupsText = words[0]?.includes('=') ? undefined : words[0];
  const groups = groupsText === undefined || groupsText === '-' ? [] : groupsText.split(',');
  const wrong = groups.find((group) => !NAME.test(group));
  if (wrong !== undefined) return `'${wrong}' is no group name`;
  const settings = parseSettings(groupsText === undefined ? words : words.slice(1));
  if (typeof settings === 'string') return settings;
  const twin = users.find(({ uid }) => uid !== undefined && uid === settings.uid);
  if (twin) return `uid ${settings.uid} is ${twin.name}'s, in line ${twin.line}`;
  return { line, name, groups, keys, ...settings };
}

type Settings = Pick<ListedUser, 'uid' | 'shell' | 'home' | 'passwordHash'>;

/** What each key means: its value -> settings, or what is wrong with it. */
const SETTINGS: Readonly<Record<string, (value: string) => Settings | string>> = {
  uid: (value) => {
    const uid = /^\d{1,5}$/.test(value) ? Number(value) : 0;
    return uid >= LEAST_UID && uid <= MAX_UID
      ? { uid }
      : `uid=${value}: a number from ${LEAST_UID} to ${MAX_UID} is wanted`;
  },
  shell: (value) => (ABSOLUTE_PATH.test(value) ? { shell: value } : `shell=${value}: an absolute path is wanted`),
  home: (value) => (ABSOLUTE_PATH.test(value) ? { home: value } : `home=${value}: an absolute path is wanted`),
  password: (value) =>
    HASH.test(value)
      ? { passwordHash: value }
      : "password= wants a hash, as 'mkpasswd' or 'openssl passwd -6' prints it",
};

function parseSettings(words: readonly string[]): Settings | string {
  let settings: Settings = {};
  for (const word of words) {
    const [, key = '', value = ''] = /^([a-z]+)=(.*)$/.exec(word) ?? [];
    const read = Object.hasOwn(SETTINGS, key) ? SETTINGS[key] : undefined;
    if (!read) return `'${word}' is none of ${Object.keys(SETTINGS).join('=, ')}=`;
    const setting = read(value);
    if (typeof setting === 'string') return setting;
    settings = { ...settings, ...setting };
  }
  return settings;
}
