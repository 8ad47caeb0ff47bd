// A peer with knobs: claims to have everything, then lies, stalls, or serves slowly. Speaks the real wire.

import type { Clock } from '../../src/vfield/clock.ts';
import { encodeExtendedHandshake, OwnExtension } from '../../src/vfield/peer/extension.ts';
import type { Message } from '../../src/vfield/peer/messages.ts';
import { PeerWire } from '../../src/vfield/peer/wire.ts';
import { mix } from '../../src/vfield/placement.ts';
import type { Transport } from '../../src/vfield/transport.ts';
import type { TestImage } from '../image.ts';

export interface FakePeerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly image: TestImage;
  /**
   * `liar`: one byte of each block is wrong; `silent`: never answers; `refuser`: rejects all; `babbler`: answers with a message that is none,
   * `nonsense` with noise; `endAfterBlocks`: ends after so many blocks.
   */
  readonly behaviour:
    | 'liar'
    | 'silent'
    | 'honest'
    | 'refuser'
    | 'babbler'
    | 'nonsense'
    | { readonly endAfterBlocks: number };
  /** Before each answer. */
  readonly delayMs?: number;
  /** Says that it is one of our nodes. */
  readonly member?: boolean;
  /** RAM that it says it gives; pieces are placed on who gives some. */
  readonly shareBytes?: number;
  /** The boot trace that it says it has: what it answers, or never an answer. */
  readonly trace?: Uint8Array | 'silent';
  /** Before the answer with the trace. */
  readonly traceDelayMs?: number;
  readonly name?: string;
}

export interface FakePeer {
  /** Requests seen so far. */
  readonly requests: () => number;
  /** Connections that were ended by the others. */
  readonly ended: () => number;
}

export async function startFakePeer(options: FakePeerOptions): Promise<FakePeer> {
  let requests = 0;
  let ended = 0;
  const peerId = new TextEncoder().encode((options.name ?? 'fake').padEnd(20, '-'));
  await options.transport.listen({ port: 6881 }, (duplex) => {
    let sent = 0;
    const wire: PeerWire = new PeerWire(duplex, options.clock, {
      onHandshake: (handshake) => {
        wire.greet({ ...handshake, peerId, extended: true, fast: true });
        wire.send({ kind: 'haveAll' });
        wire.send({ kind: 'extended', extension: 0, payload: hello() });
        wire.send({ kind: 'unchoke' });
      },
      onMessage: (message) => {
        if (isTraceQuestion(message)) options.clock.setTimeout(sendTrace, options.traceDelayMs ?? 0);
        const range = rangeOf(message);
        if (!range) return;
        requests++;
        if (options.behaviour === 'silent') return;
        options.clock.setTimeout(() => answer(range), options.delayMs ?? 0);
      },
      onDrain: () => {},
      onClose: () => {
        ended++;
      },
    });
    const sendTrace = (): void => {
      if (!(options.trace instanceof Uint8Array)) return;
      wire.send({ kind: 'extended', extension: OwnExtension.viver_trace, payload: options.trace });
    };
    const answer = ({ piece, begin, length }: { piece: number; begin: number; length: number }): void => {
      if (options.behaviour === 'refuser') return void wire.send({ kind: 'reject', piece, begin, length });
      if (options.behaviour === 'babbler') return void wire.sendBytes(new Uint8Array([0, 0, 0, 2, 4, 9]));
      if (options.behaviour === 'nonsense') return void wire.sendBytes(nonsense(length, ++sent));
      const start = piece * options.image.metainfo.pieceBytes + begin;
      const bytes = options.image.bytes.slice(start, start + length);
      if (options.behaviour === 'liar') bytes[7]! ^= 1;
      wire.send({ kind: 'piece', piece, begin, bytes });
      sent++;
      if (typeof options.behaviour === 'object' && sent >= options.behaviour.endAfterBlocks) wire.close('enough');
    };
    return wire.handlers;
  });
  function hello(): Uint8Array {
    const trace = options.trace === undefined ? {} : { traceBytes: 100 };
    const member = { id: peerId.toHex(), shareBytes: options.shareBytes ?? 0, kind: 'ram', ...trace } as const;
    return encodeExtendedHandshake({ extensions: OwnExtension, ...(options.member ? { member } : {}) });
  }
  return { requests: () => requests, ended: () => ended };
}

const NOISE = new Uint8Array(32_768).map((_, at) => mix(at, 1));

/** Bytes by chance: their first four are some length. */
function nonsense(length: number, start: number): Uint8Array {
  return NOISE.subarray(start % 4096).subarray(0, length);
}

function isTraceQuestion(message: Message): boolean {
  return message.kind === 'extended' && message.extension === OwnExtension.viver_trace && message.payload.length === 0;
}

function rangeOf(message: Message): { piece: number; begin: number; length: number } | undefined {
  if (message.kind === 'request') return message;
  if (message.kind !== 'extended' || message.extension !== OwnExtension.viver_urgent) return undefined;
  const view = new DataView(message.payload.buffer, message.payload.byteOffset);
  return { piece: view.getUint32(0), begin: view.getUint32(4), length: view.getUint32(8) };
}
