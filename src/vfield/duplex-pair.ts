// Two ends of a connection inside this process: what is written to one end arrives at the other a microtask later, in order.

import type { Duplex, DuplexHandlers, DuplexOwner } from './transport.ts';

/** Gives each owner its end. `remoteAddress` is what the near one sees as its peer. */
export function connectPair(remoteAddress: string, near: DuplexOwner, far: DuplexOwner): void {
  const ends = [new PairedDuplex(remoteAddress), new PairedDuplex('this process')] as const;
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  ends[1].own(far);
  ends[0].own(near);
}

class PairedDuplex implements Duplex {
  readonly remoteAddress: string;
  other!: PairedDuplex;
  #handlers: DuplexHandlers | undefined;
  #closed = false;

  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress;
  }

  own(owner: DuplexOwner): void {
    this.#handlers = owner(this);
  }

  write(bytes: Uint8Array, sent?: () => void): boolean {
    if (this.#closed) return true;
    queueMicrotask(() => {
      this.other.#receive(bytes);
      sent?.();
    });
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    queueMicrotask(() => this.other.#end());
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#closed) this.#handlers?.onData(bytes);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handlers?.onClose('closed by the other side');
  }
}
