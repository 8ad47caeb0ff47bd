// The rune's end of the room: what a context's find, members and label are made of. It keeps no view of its own; the host has one.

import { errorLine } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { AnyInterface, CallShape } from '../contract/interface.ts';
import {
  checkOfferLabels,
  type Found,
  type FoundOffer,
  type Member,
  type OfferLabels,
  type Where,
} from '../contract/room.ts';
import { clientOf } from './client.ts';
import type { RoomRequest } from './room-request.ts';

export class RoomClient {
  readonly #rune: string;
  readonly #log: Log;
  readonly #ask: (request: RoomRequest) => Promise<unknown>;

  constructor(rune: string, log: Log, ask: (request: RoomRequest) => Promise<unknown>) {
    this.#rune = rune;
    this.#log = log;
    this.#ask = ask;
  }

  async findAll(it: AnyInterface, where: Where = {}): Promise<Found<AnyInterface>[]> {
    const { name, version } = it;
    const offers = (await this.#ask({ kind: 'find', name, version, where })) as readonly FoundOffer[];
    return offers.map((offer) => Object.freeze({ ...offer, ask: this.#clientAt(it, offer, where) as never }));
  }

  async members(): Promise<readonly Member[]> {
    return (await this.#ask({ kind: 'members' })) as readonly Member[];
  }

  /** @throws ViverError RUNES_BAD_LABEL. */
  label(it: AnyInterface, now: OfferLabels): void {
    checkOfferLabels(now, `rune ${this.#rune} labels ${it.name}`);
    this.#tell({ kind: 'label', name: it.name, now });
  }

  watch(): void {
    this.#tell({ kind: 'watch' });
  }

  #clientAt(it: AnyInterface, { host, memberId }: FoundOffer, where: Where) {
    const { name, version } = it;
    return clientOf(it, `${this.#rune} asks ${host} for`, (method, request, shape: CallShape) =>
      this.#ask({
        kind: 'call',
        memberId,
        call: { interfaceName: name, version, method, request },
        ...(shape.timeoutMs === undefined ? {} : { timeoutMs: shape.timeoutMs }),
        ...(shape.repeatable ? { elsewhere: where } : {}),
      }),
    );
  }

  #tell(request: RoomRequest): void {
    this.#ask(request).catch((error: unknown) => this.#log.warn(errorLine(error)));
  }
}
