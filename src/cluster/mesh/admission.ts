// Admission: how many connections one address may hold, so that a stranger without the key does not take the places of a room.

import type { Socket } from 'node:net';

/** Links of a member in all, coming and going. */
export const MAX_LINKS = 1024;
/** A machine needs one, and a second for a moment. */
export const MAX_LINKS_PER_ADDRESS = 16;

export class Admission {
  readonly #counts = new Map<string, number>();

  /** Counts a connection that came in; one too many is closed. */
  admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const count = (this.#counts.get(address) ?? 0) + 1;
    this.#counts.set(address, count);
    socket.once('close', () => this.#release(address));
    if (count > MAX_LINKS_PER_ADDRESS) socket.destroy();
  }

  #release(address: string): void {
    const count = (this.#counts.get(address) ?? 1) - 1;
    if (count > 0) this.#counts.set(address, count);
    else this.#counts.delete(address);
  }
}
