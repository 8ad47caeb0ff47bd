// By which of the image's names (info-hashes.ts) each address is to be asked. A client knows the image by one or two of them and closes without a word
// when it is asked by another, so that the next one is tried the next time. What an address has been seen to use is kept for longer.

import { sameBytes } from './hash.ts';
import type { InfoHashAlias } from './info-hashes.ts';

/** Addresses of which something is remembered; after that all is found again by trying. */
const MAX_NAMED_ADDRESSES = 4096;
/** A name that the address itself has used is given up after so many calls that were closed: it may have been busy, or meeting our own call. */
const PATIENCE = 8;

interface Choice {
  readonly index: number;
  readonly patience: number;
}

export class CallNames {
  readonly #names: readonly InfoHashAlias[];
  readonly #choices = new Map<string, Choice>();

  /** @param names The one to be tried first, first. */
  constructor(names: readonly InfoHashAlias[]) {
    this.#names = names;
  }

  /** The name with this hash; undefined when the image is not called so. */
  find(infoHash: Uint8Array): InfoHashAlias | undefined {
    return this.#names.find((name) => sameBytes(name.infoHash, infoHash));
  }

  /** The name to ask this address by. */
  for(address: string): InfoHashAlias {
    return this.#names[(this.#choices.get(address)?.index ?? 0) % this.#names.length]!;
  }

  /** The address has used this name. */
  used(address: string, infoHash: Uint8Array): void {
    const index = this.#names.findIndex((name) => sameBytes(name.infoHash, infoHash));
    if (index >= 0) this.#choose(address, { index, patience: PATIENCE });
  }

  /** The address closed without a handshake. */
  refused(address: string): void {
    const { index, patience } = this.#choices.get(address) ?? { index: 0, patience: 0 };
    this.#choose(address, patience > 0 ? { index, patience: patience - 1 } : { index: index + 1, patience: 0 });
  }

  #choose(address: string, choice: Choice): void {
    if (this.#choices.size >= MAX_NAMED_ADDRESSES) this.#choices.clear();
    this.#choices.set(address, choice);
  }
}
