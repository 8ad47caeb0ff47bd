// One direction of a connection, as TCP carries it: segments in order, a window that grows and is halved by a loss, a retransmission instead of
// a loss, silence while the two hosts are cut off from each other. Bytes are passed by reference and must not change until `sent`.
//
//   write -> [writes] --take--> on the line --#arrive--> receiver      a segment is as many whole writes as fit, or a part of a long one

import type { Host } from './host.ts';
import { PACKET_BYTES } from './host.ts';
import type { Medium } from './medium.ts';

/** A block of 16 KiB with its head leaves as one. */
const SEGMENT_BYTES = 16_640;
/** RFC 6928: ten packets. The largest is half a usual one, since what the other side has got is acknowledged at once here. */
const FIRST_WINDOW_BYTES = 10 * PACKET_BYTES;
const MAX_WINDOW_BYTES = 131_072;
const MIN_WINDOW_BYTES = 2 * PACKET_BYTES;
/** Linux: the shortest retransmission time-out; it doubles each time. */
const RETRANSMISSION_MS = 200;
/** Packets behind a lost one after which it is sent again at once. */
const PACKETS_THAT_TELL = 3;
/** What the kernel takes from the program beyond the window, and what the program's own buffer takes before it is told to wait. */
const KERNEL_BUFFER_BYTES = 262_144;
const WRITE_AHEAD_BYTES = 131_072;

export interface StreamReceiver {
  /** @param bytes Valid during the call. @returns false when it does not listen any more. */
  onBytes(bytes: Uint8Array): boolean;
  onEnd(): void;
}

interface Write {
  readonly bytes: Uint8Array;
  readonly sent: (() => void) | undefined;
}

export class Stream {
  readonly #medium: Medium;
  readonly #from: Host;
  readonly #to: Host;
  readonly #receiver: StreamReceiver;
  readonly #onDrain: () => void;
  readonly #latencyMs: number;
  readonly #writes: Write[] = [];
  /** Bytes of the first write that have arrived; the write that is taken from next, and how much of it has been. */
  #arrivedOfFirst = 0;
  #takingAt = 0;
  #takenOfTaking = 0;
  /** Bytes of each segment on its way. */
  readonly #segments: number[] = [];
  #unsent = 0;
  #inFlight = 0;
  #window = FIRST_WINDOW_BYTES;
  #slowStart = true;
  #lastArrivalAt = 0;
  #full = false;
  #ending = false;
  #dead = false;
  #hasTurn = false;
  #blockedAt: number | undefined;
  #overdue = 0;

  constructor(medium: Medium, from: Host, to: Host, receiver: StreamReceiver, onDrain: () => void) {
    this.#medium = medium;
    this.#from = from;
    this.#to = to;
    this.#receiver = receiver;
    this.#onDrain = onDrain;
    this.#latencyMs = medium.latencyMs(from.name, to.name);
  }

  /** @returns false when the writer should wait for the drain. */
  write(bytes: Uint8Array, sent: (() => void) | undefined): boolean {
    if (this.#dead || this.#ending) return true;
    this.#writes.push({ bytes, sent });
    this.#unsent += bytes.length;
    this.#full ||= this.#unsent + this.#inFlight > KERNEL_BUFFER_BYTES + WRITE_AHEAD_BYTES;
    this.#askForTurn();
    return !this.#full;
  }

  /** The receiver hears of the end after all that was written. */
  end(): void {
    if (this.#dead || this.#ending) return;
    this.#ending = true;
    if (this.#unsent + this.#inFlight === 0) this.#medium.clock.setTimeout(this.#arriveEnd, this.#latencyMs);
  }

  /** Nothing goes on: the connection is over. */
  kill(): void {
    this.#dead = true;
    this.#writes.length = 0;
  }

  wantsTurn(): boolean {
    this.#hasTurn = !this.#dead && this.#unsent > 0 && this.#inFlight < this.#window;
    return this.#hasTurn;
  }

  /** Takes the next segment out of what is to be sent. @returns Its length. */
  take(): number {
    if (this.#dead) return 0;
    let taken = 0;
    while (taken < SEGMENT_BYTES && this.#takingAt < this.#writes.length) {
      const left = this.#writes[this.#takingAt]!.bytes.length - this.#takenOfTaking;
      if (taken > 0 && taken + left > SEGMENT_BYTES) break;
      const part = Math.min(left, SEGMENT_BYTES);
      taken += part;
      this.#takenOfTaking += part;
      if (part < left) break;
      this.#takingAt++;
      this.#takenOfTaking = 0;
    }
    this.#unsent -= taken;
    return taken;
  }

  /** The segment just taken is on the line from `firstAt` to `lastAt`. */
  depart(bytes: number, firstAt: number, lastAt: number): void {
    if (bytes === 0) return;
    this.#segments.push(bytes);
    this.#inFlight += bytes;
    const late = this.#latencyMs + this.#medium.jitterMs();
    const firstThere = this.#medium.throughSwitch(firstAt + late, bytes);
    let at = this.#to.receive(firstThere, Math.max(firstThere, lastAt + late), bytes);
    if (this.#medium.loses(Math.ceil(bytes / PACKET_BYTES))) at += this.#lose(bytes);
    this.#lastArrivalAt = Math.max(this.#lastArrivalAt, at);
    this.#medium.clock.setTimeout(this.#arrive, this.#lastArrivalAt - firstAt);
  }

  /** The hosts can reach each other again: what was lost is sent again when its time-out, doubled each time, runs out. */
  resume(): void {
    if (this.#blockedAt === undefined) return;
    const cutMs = this.#medium.clock.now() - this.#blockedAt;
    let retryMs = RETRANSMISSION_MS;
    while (retryMs < cutMs) retryMs = 2 * retryMs + RETRANSMISSION_MS;
    this.#medium.clock.setTimeout(() => this.#catchUp(), retryMs - cutMs);
  }

  #askForTurn(): void {
    if (!this.#hasTurn && this.wantsTurn()) this.#from.queue(this);
  }

  /** @returns What the retransmission costs: the packets behind it tell of the gap after a round trip, or the time-out does. */
  #lose(bytes: number): number {
    this.#slowStart = false;
    this.#window = Math.max(MIN_WINDOW_BYTES, this.#window / 2);
    const isFollowed = this.#unsent > 0 || bytes > PACKETS_THAT_TELL * PACKET_BYTES;
    return 2 * this.#latencyMs + (isFollowed ? 1 : RETRANSMISSION_MS);
  }

  readonly #arrive = (): void => {
    if (this.#dead) return;
    if (this.#blockedAt === undefined && !this.#medium.passes(this.#from.name, this.#to.name)) {
      this.#blockedAt = this.#medium.clock.now();
    }
    if (this.#blockedAt === undefined) this.#deliver();
    else this.#overdue++;
  };

  readonly #arriveEnd = (): void => {
    if (!this.#dead && this.#medium.passes(this.#from.name, this.#to.name)) this.#receiver.onEnd();
  };

  #catchUp(): void {
    if (this.#dead || !this.#medium.passes(this.#from.name, this.#to.name)) return;
    this.#blockedAt = undefined;
    this.#window = FIRST_WINDOW_BYTES;
    for (; this.#overdue > 0 && !this.#dead; this.#overdue--) this.#deliver();
  }

  #deliver(): void {
    const bytes = this.#segments.shift()!;
    this.#inFlight -= bytes;
    this.#widen(bytes);
    if (!this.#hand(bytes) || this.#dead) return;
    this.#askForTurn();
    const outstanding = this.#unsent + this.#inFlight;
    if (this.#full && outstanding <= KERNEL_BUFFER_BYTES) {
      this.#full = false;
      this.#onDrain();
    }
    if (this.#ending && outstanding === 0) this.#receiver.onEnd();
  }

  /** Doubles in a round trip until the first loss, after it one packet more for each (RFC 5681). */
  #widen(bytes: number): void {
    const more = this.#slowStart ? bytes : (PACKET_BYTES * bytes) / this.#window;
    this.#window = Math.min(MAX_WINDOW_BYTES, this.#window + more);
  }

  /** Gives the receiver the next `count` bytes. @returns false when it does not listen. */
  #hand(count: number): boolean {
    for (let left = count; left > 0; ) {
      const { bytes, sent } = this.#writes[0]!;
      const end = Math.min(bytes.length, this.#arrivedOfFirst + left);
      const isListening = this.#receiver.onBytes(bytes.subarray(this.#arrivedOfFirst, end));
      left -= end - this.#arrivedOfFirst;
      if (!isListening || this.#dead) return false;
      this.#arrivedOfFirst = end;
      if (end === bytes.length) this.#finishFirst(sent);
    }
    return true;
  }

  #finishFirst(sent: (() => void) | undefined): void {
    this.#writes.shift();
    this.#takingAt--;
    this.#arrivedOfFirst = 0;
    sent?.();
  }
}
