// Who is not spoken to for a while, and what for. A peer is banned by its id, and by the address that it was dialed at, so that it does not come back
// under a new id; not by its host alone, since several nodes may stand behind one address. Only a wrong hash is for good: the bytes prove it. All else may be a fault
// that passes, and its peer may one day be the only one left that holds a piece.

/** A first offence; each further one of the same peer doubles it. */
const FIRST_BAN_MS = 60_000;
const LONGEST_BAN_MS = 3_600_000;
/** The address of a peer that sent wrong bytes: the machine may be mended and started again. */
const WRONG_BYTES_ADDRESS_MS = 600_000;
/** Offenders remembered; beyond it the oldest are forgotten. */
export const MAX_OFFENDERS = 4_096;

interface Offender {
  offences: number;
  until: number;
}

export class Bans {
  readonly #now: () => number;
  readonly #byId = new Map<string, Offender>();
  readonly #byAddress = new Map<string, number>();

  /** @param now Milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  has(id: string): boolean {
    return (this.#byId.get(id)?.until ?? 0) > this.#now();
  }

  hasAddress(address: string): boolean {
    return (this.#byAddress.get(address) ?? 0) > this.#now();
  }

  /** It sent bytes with a wrong hash. */
  forWrongBytes(id: string, address: string | undefined): void {
    this.#byId.set(id, { offences: 1, until: Number.POSITIVE_INFINITY });
    if (address !== undefined) this.#byAddress.set(address, this.#now() + WRONG_BYTES_ADDRESS_MS);
    this.#forgetOldest();
  }

  /** It broke the protocol, stalls, or does not give what it announces. @returns For how long it is banned, in ms. */
  forOffence(id: string, address: string | undefined): number {
    const offences = (this.#byId.get(id)?.offences ?? 0) + 1;
    const banMs = Math.min(LONGEST_BAN_MS, FIRST_BAN_MS * 2 ** (offences - 1));
    const until = this.#now() + banMs;
    this.#byId.delete(id);
    this.#byId.set(id, { offences, until });
    if (address !== undefined) this.#byAddress.set(address, until);
    this.#forgetOldest();
    return banMs;
  }

  #forgetOldest(): void {
    for (const list of [this.#byId, this.#byAddress]) {
      if (list.size > MAX_OFFENDERS) list.delete(list.keys().next().value!);
    }
  }
}
