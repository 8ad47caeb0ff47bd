// Where home directories come from, as one URL, and the line of fstab(5) that mounts them: nfs(5), sshfs(1), systemd.mount(5). Pure.

import { ViverError } from '../../../errors.ts';
import type { FstabEntry } from './fstab-entries.ts';

export interface HomeOptions {
  /** Reads and writes that meet an absent server: `wait` until it is back, or `fail` after a while, at the price of what was being written. */
  readonly away: 'wait' | 'fail';
  /** More options of mount(8), joined by commas. */
  readonly options?: string | undefined;
  /** sshfs: the file with the private key, and the file with the server's own key. */
  readonly key: string;
  readonly knownHosts: string;
}

export interface HomeSource {
  readonly kind: 'nfs' | 'sshfs';
  readonly entry: FstabEntry;
}

/** Nobody's boot waits for a server: mounted when somebody looks, given up after 30 s, tried again at the next look. */
const UNHURRIED = ['_netdev', 'nofail', 'x-systemd.automount', 'x-systemd.mount-timeout=30s', 'nosuid', 'nodev'];
const HOST = /^([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9a-f:]+\])$/i;
const USER = /^[a-z_][a-z0-9_.-]{0,63}$/i;

/** @throws ViverError RUNES_BAD_HOME */
export function homeSource(from: string, options: HomeOptions): HomeSource {
  const { protocol, username, hostname, port, path } = parse(from);
  if (protocol === 'nfs:') return { kind: 'nfs', entry: nfsEntry(hostname, port, path, options) };
  if (protocol === 'sshfs:' && USER.test(username))
    return { kind: 'sshfs', entry: sshEntry(`${username}@${hostname}`, port, path, options) };
  throw bad(from);
}

function parse(from: string) {
  const url = URL.parse(from);
  if (!url || !HOST.test(url.hostname) || url.search !== '' || url.hash !== '' || url.password !== '') throw bad(from);
  const { protocol, username, hostname, port } = url;
  return { protocol, username, hostname, port, path: decoded(url.pathname, from) || '/' };
}

function decoded(path: string, from: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw bad(from);
  }
}

function bad(from: string): ViverError {
  return new ViverError('RUNES_BAD_HOME', `'${from}' is neither nfs://SERVER/EXPORT nor sshfs://USER@SERVER/PATH`);
}

function nfsEntry(host: string, port: string, path: string, { away, options }: HomeOptions): FstabEntry {
  // soft: 3 tries of 10 s each, then EIO.
  const patience = away === 'wait' ? ['hard'] : ['soft', 'timeo=100', 'retrans=3'];
  const all = [...UNHURRIED, ...patience, ...(port ? [`port=${port}`] : []), ...more(options)];
  return { source: `${host}:${path}`, target: '/home', type: 'nfs', options: all };
}

/** ssh ends a silent connection after 45 s; with `reconnect` sshfs then tries again at each access. The server is known by its key or not used at all. */
function sshEntry(server: string, port: string, path: string, home: HomeOptions): FstabEntry {
  const { away, options, key, knownHosts } = home;
  const ssh = [`IdentityFile=${key}`, `UserKnownHostsFile=${knownHosts}`, 'StrictHostKeyChecking=yes', 'BatchMode=yes'];
  const alive = ['ServerAliveInterval=15', 'ServerAliveCountMax=3', ...(away === 'wait' ? ['reconnect'] : [])];
  const rights = ['allow_other', 'default_permissions'];
  const all = [...UNHURRIED, ...rights, ...ssh, ...alive, ...(port ? [`port=${port}`] : []), ...more(options)];
  return { source: `${server}:${path}`, target: '/home', type: 'fuse.sshfs', options: all };
}

const more = (options: string | undefined): string[] => (options ?? '').split(',').filter(Boolean);
