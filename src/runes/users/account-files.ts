// The account files of a system as texts, and the same with the listed users in them: passwd(5), shadow(5), group(5), gshadow(5). What is there stays; an
// account that is there gets groups, and a password when it is a person's. Pure.

import type { ListedUser } from './parse-users.ts';

export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
  /** Undefined where the system keeps none. */
  readonly shadow?: string | undefined;
  readonly gshadow?: string | undefined;
}

export interface AccountFault {
  readonly name: string;
  readonly line: number;
  readonly message: string;
}

export interface AccountChanges {
  readonly files: AccountFiles;
  readonly added: readonly string[];
  /** What could not be done, and for whose line. */
  readonly faults: readonly AccountFault[];
}

/** Persons have numbers from here on (login.defs(5), UID_MIN). */
const LEAST_PERSON = 1000;
/** Numbers that follow from a name lie in [FIRST_DERIVED, FIRST_DERIVED + DERIVED): above those that useradd gives out, below those of services. */
const FIRST_DERIVED = 20_000;
const DERIVED = 30_000;

/** Lays the users over the files. @param defaultShell Of new accounts. */
export function withUsers(files: AccountFiles, users: readonly ListedUser[], defaultShell: string): AccountChanges {
  const accounts = new Accounts(files);
  for (const user of users) accounts.lay(user, defaultShell);
  return { files: accounts.files(), added: accounts.added, faults: accounts.faults };
}

/** Where a search for a free number begins: the same for the same name, whoever else is listed (FNV-1a). */
export function firstChoiceUid(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return FIRST_DERIVED + (hash % DERIVED);
}

class Accounts {
  readonly #passwd: string[][];
  readonly #group: string[][];
  readonly #shadow: string[][] | undefined;
  readonly #gshadow: string[][] | undefined;
  readonly added: string[] = [];
  readonly faults: AccountFault[] = [];

  constructor({ passwd, group, shadow, gshadow }: AccountFiles) {
    this.#passwd = parseTable(passwd);
    this.#group = parseTable(group);
    this.#shadow = shadow === undefined ? undefined : parseTable(shadow);
    this.#gshadow = gshadow === undefined ? undefined : parseTable(gshadow);
  }

  files(): AccountFiles {
    return {
      passwd: formatTable(this.#passwd),
      group: formatTable(this.#group),
      shadow: this.#shadow && formatTable(this.#shadow),
      gshadow: this.#gshadow && formatTable(this.#gshadow),
    };
  }

  lay(user: ListedUser, defaultShell: string): void {
    const existing = rowOf(this.#passwd, user.name);
    if (existing) this.#change(user, Number(existing[2]));
    else if (!this.#add(user, defaultShell)) return;
    for (const group of user.groups) this.#join(user, group);
  }

  #change(user: ListedUser, number: number): void {
    const { name, uid, shell, home, passwordHash } = user;
    const given = { uid, shell, home };
    const refused = Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=`]));
    if (refused.length > 0) this.#fault(user, `${name} is in the image already: ${refused.join(', ')} is not for it`);
    if (passwordHash === undefined) return;
    if (number >= LEAST_PERSON) this.#setPassword(name, passwordHash);
    else this.#fault(user, `${name} is an account of the system: its password is the image's`);
  }

  /** @returns whether the account is there now */
  #add(user: ListedUser, defaultShell: string): boolean {
    const { name, uid: wanted, shell, home, passwordHash } = user;
    const taken = wanted === undefined ? undefined : this.#passwd.find((row) => row[2] === `${wanted}`)?.[0];
    if (taken !== undefined) {
      this.#fault(user, `uid ${wanted} is ${taken}'s in the image: ${name} is not made`);
      return false;
    }
    const uid = wanted ?? this.#freeNumber(name);
    const gid = this.#ownGroup(name, uid);
    this.#passwd.push([name, 'x', `${uid}`, gid, '', home ?? `/home/${name}`, shell ?? defaultShell]);
    this.#setPassword(name, passwordHash ?? '!');
    this.added.push(`${name} (${uid})`);
    return true;
  }

  #ownGroup(name: string, uid: number): string {
    const there = rowOf(this.#group, name)?.[2];
    if (there !== undefined) return there;
    const isFree = !this.#group.some((row) => row[2] === `${uid}`);
    const gid = `${isFree ? uid : this.#freeNumber(name)}`;
    this.#group.push([name, 'x', gid, '']);
    this.#gshadow?.push([name, '!', '', '']);
    return gid;
  }

  #join(user: ListedUser, group: string): void {
    const { name } = user;
    const row = rowOf(this.#group, group);
    if (!row) this.#fault(user, `the image has no group ${group}: ${name} is not in it`);
    for (const list of row ? [row, this.#gshadow && rowOf(this.#gshadow, group)] : []) {
      if (!list) continue;
      const members = (list[3] ?? '').split(',').filter(Boolean);
      if (!members.includes(name)) list[3] = [...members, name].join(',');
    }
  }

  /** Without a date of the last change, no password runs out. A system without shadow has it in passwd. */
  #setPassword(name: string, hash: string): void {
    const row = rowOf(this.#shadow ?? this.#passwd, name);
    if (row) row[1] = hash;
    else this.#shadow?.push([name, hash, '', '0', '99999', '7', '', '', '']);
  }

  #freeNumber(name: string): number {
    const used = new Set([...this.#passwd, ...this.#group].map((row) => Number(row[2])));
    let number = firstChoiceUid(name);
    while (used.has(number)) number = FIRST_DERIVED + ((number + 1 - FIRST_DERIVED) % DERIVED);
    return number;
  }

  #fault({ name, line }: ListedUser, message: string): void {
    this.faults.push({ name, line, message });
  }
}

/** Rows of fields; comments and odd lines stay as they are, as a row of one field. */
function parseTable(text: string): string[][] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (/^[#+-]/.test(line) ? [line] : line.split(':')));
}

function formatTable(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.join(':')}\n`).join('');
}

function rowOf(rows: string[][], name: string): string[] | undefined {
  return rows.find((row) => row.length > 1 && row[0] === name);
}
