// All reads of a fault run: what was asked, what came back wrong, what still waits, and since when.

import type { Field } from '../../src/vfield/field.ts';
import type { Room } from '../room.ts';

export interface OpenRead {
  readonly host: string;
  readonly startedAt: number;
  /** Called when it is answered. */
  onAnswer?: () => void;
}

export class ReadLedger {
  tried = 0;
  wrong = 0;
  readonly open = new Set<OpenRead>();
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  start(host: string, field: Field, offset: number, length: number): void {
    const read: OpenRead = { host, startedAt: this.#room.clock.now() };
    this.tried++;
    this.open.add(read);
    field.source.read(offset, length).then((bytes) => {
      if (bytes.length !== length || !this.#room.isRight(bytes, offset)) this.wrong++;
      if (this.open.delete(read)) read.onAnswer?.();
    });
  }

  /** The host's power is gone, and with it who asked. */
  forget(host: string): void {
    for (const read of this.open) if (read.host === host) this.open.delete(read);
  }
}
