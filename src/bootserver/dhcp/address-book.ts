// Addresses of one subnet. A machine's address follows from its MAC: a hash names a place in the pool, the next free one is taken when
// that is used. So another server that takes over gives the same machine the same address, without a lease file to move (RFC 2131 2.2
// asks only that a client gets its old address where possible). Owns the leases; clock and probe are injected.

import type { ClientIdentity } from './client.ts';
import { addressNumber, addressText, requireAddress, subnetOf } from './ipv4.ts';
import type { AddressBook, Lease } from './policy.ts';

export interface Reservation {
  readonly address: string;
  readonly hostName?: string;
}

export interface AddressBookOptions {
  /** First and last address that may be given out. */
  readonly pool: { readonly first: string; readonly last: string };
  readonly netmask: string;
  readonly routers: readonly string[];
  readonly dnsServers: readonly string[];
  readonly domainName?: string;
  readonly leaseSeconds: number;
  /** Addresses that are never given out: the server's own, the router's. */
  readonly taken?: readonly string[];
  /** By MAC, `52:54:00:12:34:56`; may lie outside of the pool. */
  readonly reservations?: ReadonlyMap<string, Reservation>;
  /** The name of a machine at an address; without it the client's own name is kept. */
  hostNameFor?(client: ClientIdentity, address: string): string | undefined;
  /** Whether somebody on the network uses the address already. */
  probe?(address: string): Promise<boolean>;
  /** Told when a client finds no address. */
  onExhausted?(client: ClientIdentity): void;
  /** Milliseconds, any origin that a restored state shares. */
  readonly now: () => number;
  /** A state that exportState() gave, here or on another server. */
  readonly state?: AddressBookState;
}

export type HoldState = 'offered' | 'bound' | 'released' | 'in-use';

/** One address that is, or was, somebody's. `in-use`: found used by a machine that we do not know; set aside for a time. */
export interface Hold {
  readonly address: string;
  readonly mac: string;
  readonly state: HoldState;
  readonly untilMs: number;
}

export interface AddressBookState {
  readonly version: 1;
  readonly holds: readonly Hold[];
}

export interface PoolAddressBook extends AddressBook {
  /** Addresses in the pool, and how many of them somebody holds now. */
  usage(): { readonly size: number; readonly held: number };
  exportState(): AddressBookState;
}

/** How long an offered address waits for its REQUEST. */
const OFFER_MS = 60_000;
/** How long an address stays set aside that somebody else uses. */
const QUARANTINE_MS = 600_000;
/** Probes for one question; each takes some hundred ms, and the client asks again. */
const MAX_PROBES = 8;
/** A pool is walked through for each new client. */
const MAX_POOL = 65_536;

/** Makes the book. @throws ViverError DHCP_BAD_ADDRESS when the pool does not lie in one subnet */
export function createAddressBook(options: AddressBookOptions): PoolAddressBook {
  const pool = poolOf(options);
  const taken = new Set(options.taken ?? []);
  const reservations = options.reservations ?? new Map<string, Reservation>();
  const reserved = new Map([...reservations].map(([mac, { address }]) => [address, mac]));
  const byAddress = new Map<string, Hold>();
  const byMac = new Map<string, string>();
  for (const hold of options.state?.holds ?? []) if (isHold(hold)) keep(hold);

  function keep(hold: Hold): void {
    const before = byAddress.get(hold.address);
    if (before && byMac.get(before.mac) === hold.address) byMac.delete(before.mac);
    byAddress.set(hold.address, hold);
    if (hold.state === 'in-use') return;
    // A machine has one address: the one it had is free with the new one.
    const old = byAddress.get(byMac.get(hold.mac) ?? '');
    if (old && old.address !== hold.address) byAddress.set(old.address, { ...old, state: 'released' });
    byMac.set(hold.mac, hold.address);
  }

  /** Somebody has it now, or it may come back to him; `released` and run out ones are free for others. */
  function isHeld(address: string): boolean {
    const hold = byAddress.get(address);
    return hold !== undefined && hold.state !== 'released' && hold.untilMs > options.now();
  }

  function mayHave(mac: string, address: string): boolean {
    const mine = reservations.get(mac)?.address;
    if (mine) return mine === address;
    const number = addressNumber(address);
    if (number === undefined || number < pool.first || number > pool.last) return false;
    if (taken.has(address) || reserved.has(address)) return false;
    return !isHeld(address) || (byAddress.get(address)!.mac === mac && byAddress.get(address)!.state !== 'in-use');
  }

  /** Addresses to try, the likeliest first: reserved, had before, wished for, by hash; those nobody ever had before those run out. */
  function* candidates(client: ClientIdentity): Generator<string> {
    const fixed = reservations.get(client.mac)?.address;
    if (fixed) {
      yield fixed;
      return;
    }
    const before = byMac.get(client.mac);
    if (before) yield before;
    if (client.requestedAddress) yield client.requestedAddress;
    const start = hashMac(client.mac) % pool.size;
    for (const known of [false, true]) {
      for (let step = 0; step < pool.size; step++) {
        const address = addressText(pool.first + ((start + step) % pool.size));
        if (byAddress.has(address) === known) yield address;
      }
    }
  }

  async function offer(client: ClientIdentity): Promise<Lease | undefined> {
    let probes = 0;
    for (const address of candidates(client)) {
      if (!mayHave(client.mac, address)) continue;
      const hold = byAddress.get(address);
      const isOurs = hold?.mac === client.mac && hold.untilMs > options.now();
      // Held before the probe, so that nobody else is offered it meanwhile.
      keep({ address, mac: client.mac, state: isOurs ? hold.state : 'offered', untilMs: offerEnd(hold, isOurs) });
      if (isOurs || !options.probe) return leaseOf(client, address);
      if (probes++ >= MAX_PROBES) break;
      if (!(await options.probe(address))) return leaseOf(client, address);
      setAside(client.mac, address);
    }
    options.onExhausted?.(client);
    return undefined;
  }

  function offerEnd(hold: Hold | undefined, isOurs: boolean): number {
    const end = options.now() + OFFER_MS;
    return isOurs ? Math.max(hold!.untilMs, end) : end;
  }

  /** A client may keep an address that we never gave: another server of the room did, with the same rules. */
  async function confirm(client: ClientIdentity, address: string): Promise<Lease | undefined> {
    if (!mayHave(client.mac, address)) return undefined;
    keep({ address, mac: client.mac, state: 'bound', untilMs: options.now() + options.leaseSeconds * 1000 });
    return leaseOf(client, address);
  }

  function setAside(mac: string, address: string): void {
    if (byMac.get(mac) === address) byMac.delete(mac);
    keep({ address, mac, state: 'in-use', untilMs: options.now() + QUARANTINE_MS });
  }

  function leaseOf(client: ClientIdentity, address: string): Lease {
    const { netmask, routers, dnsServers, domainName, leaseSeconds } = options;
    const hostName =
      reservations.get(client.mac)?.hostName ?? options.hostNameFor?.(client, address) ?? client.hostName;
    return { address, netmask, routers, dnsServers, domainName, hostName, leaseSeconds };
  }

  return {
    offer,
    confirm,
    lookup: async (client) => {
      const address = byMac.get(client.mac);
      return address !== undefined && isHeld(address) ? leaseOf(client, address) : undefined;
    },
    release: async (client) => {
      const address = byMac.get(client.mac);
      if (address) keep({ address, mac: client.mac, state: 'released', untilMs: options.now() });
    },
    decline: async (client, address) => {
      if (byMac.get(client.mac) === address) setAside(client.mac, address);
    },
    usage: () => ({ size: pool.size, held: [...byAddress.keys()].filter(isHeld).length }),
    exportState: () => ({ version: 1, holds: [...byAddress.values()] }),
  };
}

function poolOf(options: AddressBookOptions): { first: number; last: number; size: number } {
  const first = requireAddress(options.pool.first);
  const { network, broadcast } = subnetOf(options.pool.first, options.netmask);
  const last = Math.min(requireAddress(options.pool.last), broadcast - 1, first + MAX_POOL - 1);
  const start = Math.max(first, network + 1);
  // An empty pool is a pool that is always exhausted, as with reservations only.
  return { first: start, last, size: Math.max(0, last - start + 1) };
}

/** FNV-1a and a final mix, so that MACs that follow one another spread over the pool. */
export function hashMac(mac: string): number {
  let hash = 0x811c9dc5;
  for (const octet of mac.split(':')) hash = Math.imul(hash ^ Number.parseInt(octet, 16), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash >>> 0;
}

/** A state may come from a file that was edited, or from another machine; rows that are not right are left out. */
function isHold(hold: Partial<Hold>): hold is Hold {
  const states: readonly unknown[] = ['offered', 'bound', 'released', 'in-use'];
  return (
    typeof hold.mac === 'string' &&
    typeof hold.address === 'string' &&
    addressNumber(hold.address) !== undefined &&
    states.includes(hold.state) &&
    Number.isFinite(hold.untilMs)
  );
}
