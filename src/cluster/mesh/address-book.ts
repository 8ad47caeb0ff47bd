// AddressBook: where members may be, and when each address is to be tried again. Owns the back-off; who dials, and what came of it, it is told. Pure: time comes in.

/** Addresses beyond that are not taken up: a member that tells of thousands fills no memory. */
export const MAX_ADDRESSES = 2048;
const FIRST_WAIT_MS = 500;
export const MAX_WAIT_MS = 15_000;
/** So long an address that only others told of is tried; the partition of a room may last for that. */
const KEPT_MS = 3_600_000;

interface Entry {
  /** Named by us, not by others: never given up. */
  named: boolean;
  state: 'idle' | 'dialing' | 'linked' | 'self';
  failures: number;
  nextAt: number;
  /** When it was told of or worked last. */
  goodAt: number;
}

export class AddressBook {
  readonly #entries = new Map<string, Entry>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @param named By the owner of this member, so that it is tried for ever. */
  add(address: string, named: boolean, now: number): void {
    const known = this.#entries.get(address);
    if (known) known.named ||= named;
    else if (this.#entries.size < MAX_ADDRESSES || named) {
      this.#entries.set(address, { named, state: 'idle', failures: 0, nextAt: now, goodAt: now });
    }
  }

  /** Up to `count` addresses that are to be dialed now; they count as being dialed. */
  due(now: number, count: number): string[] {
    const found: string[] = [];
    for (const [address, entry] of this.#entries) {
      if (found.length >= count) break;
      if (entry.state !== 'idle' || entry.nextAt > now) continue;
      entry.state = 'dialing';
      found.push(address);
    }
    return found;
  }

  /** How many are being dialed. */
  get dialing(): number {
    return [...this.#entries.values()].filter(({ state }) => state === 'dialing').length;
  }

  failed(address: string, now: number): void {
    const entry = this.#entries.get(address);
    if (entry?.state !== 'dialing') return;
    if (!entry.named && now - entry.goodAt > KEPT_MS) this.#entries.delete(address);
    entry.state = 'idle';
    const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(entry.failures++, 10), MAX_WAIT_MS);
    entry.nextAt = now + wait * (0.5 + this.#random() / 2);
  }

  /** It is this very machine: never dialed again. */
  isSelf(address: string): void {
    this.add(address, true, 0);
    this.#entries.get(address)!.state = 'self';
  }

  /** A link to the member that is dialed there stands, whoever made it. */
  linked(address: string, now: number): void {
    this.add(address, false, now);
    const entry = this.#entries.get(address);
    if (entry && entry.state !== 'self') Object.assign(entry, { state: 'linked', failures: 0, goodAt: now });
  }

  /** The link is gone: tried again at once, then with back-off. */
  unlinked(address: string, now: number): void {
    const entry = this.#entries.get(address);
    if (entry?.state !== 'linked') return;
    Object.assign(entry, { state: 'idle', nextAt: now, goodAt: now });
  }

  /** The member there said farewell: only an address that we were given is worth a look later. */
  forget(address: string, now: number): void {
    const entry = this.#entries.get(address);
    if (entry?.named) Object.assign(entry, { state: 'idle', nextAt: now + MAX_WAIT_MS });
    else this.#entries.delete(address);
  }
}
