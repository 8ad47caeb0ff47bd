// Carries out what the transfer machine says for one client: a socket of its own (RFC 1350 4: the transfer identifier), connected, so that
// the kernel drops what others send, a timer, and the blocks. Owns the socket, the timer and the content until the end.

import { createSocket, type Socket } from 'node:dgram';
import { errorLine } from '../../errors.ts';
import type { BootContent } from '../content.ts';
import { createBlockReader } from './block-reader.ts';
import type { TransferTerms } from './negotiate.ts';
import { decodeTftp, encodeTftp, TftpError, type TftpPacket } from './packet.ts';
import { newTransfer, step, type TransferAction, type TransferEvent } from './transfer.ts';

export interface SenderOptions {
  readonly localAddress: string;
  readonly peer: { readonly address: string; readonly port: number };
  readonly content: BootContent;
  readonly terms: TransferTerms;
}

export interface Outcome {
  readonly kind: 'done' | 'refused' | 'silent' | 'failed';
  readonly message?: string;
}

export interface Sender {
  /** The client has acknowledged something, so that another request of it is a new one. */
  readonly isUnderWay: boolean;
  /** Resolves when all is closed; never rejects. */
  readonly ended: Promise<Outcome>;
  stop(): void;
}

/** Starts sending. */
export function startSender(options: SenderOptions): Sender {
  const { content, terms, peer } = options;
  const reader = createBlockReader(content, terms.blockBytes);
  const socket = createSocket({ type: 'udp4', lookup: literalLookup });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let state = newTransfer(terms, content.sizeBytes);
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isBusy = false;
  const events: TransferEvent[] = [];

  /** One event after the other; blocks that have to be read first hold up the next event, nothing else. */
  async function handle(event: TransferEvent): Promise<void> {
    events.push(event);
    if (isBusy) return;
    isBusy = true;
    for (let next = events.shift(); next && !isClosed; next = events.shift()) {
      const [after, actions] = step(state, next, performance.now());
      state = after;
      for (const action of actions) {
        // A turn of the promise queue for each packet would cost a tenth of the speed.
        const pending = carryOut(action);
        if (pending) await pending;
      }
    }
    isBusy = false;
  }

  function carryOut(action: TransferAction): void | Promise<void> {
    switch (action.kind) {
      case 'send-oack':
        return send({ kind: 'oack', options: terms.accepted });
      case 'send-blocks':
        return sendBlocks(action.first, action.last);
      case 'set-timer':
        clearTimeout(timer);
        timer = setTimeout(() => void handle({ kind: 'timeout' }), action.ms);
        return;
      case 'end':
        return close({ kind: action.outcome, message: action.message });
    }
  }

  /** Sends what has been read already at once, and the rest when it has been read. */
  function sendBlocks(first: number, last: number): void | Promise<void> {
    for (let number = first; number <= last && !isClosed; number++) {
      const bytes = reader.block(number);
      if (!(bytes instanceof Uint8Array)) return sendBlocksLater(bytes, number, last);
      send({ kind: 'data', block: number & 0xffff, bytes });
    }
  }

  async function sendBlocksLater(reading: Promise<Uint8Array>, number: number, last: number): Promise<void> {
    try {
      send({ kind: 'data', block: number & 0xffff, bytes: await reading });
    } catch (error) {
      send({ kind: 'error', code: TftpError.undefined, message: 'the file cannot be read' });
      return close({ kind: 'failed', message: errorLine(error) });
    }
    return sendBlocks(number + 1, last);
  }

  function send(packet: TftpPacket): void {
    if (isClosed) return;
    // A send that fails is as good as lost on the wire; the timer deals with it.
    socket.send(encodeTftp(packet), () => {});
  }

  function close(outcome: Outcome): void {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(timer);
    socket.close(() => {
      content.close().then(
        () => resolve(outcome),
        () => resolve(outcome),
      );
    });
  }

  socket.on('message', (bytes) => {
    const event = eventOf(bytes);
    if (event) void handle(event);
  });
  // The client's port is closed (ECONNREFUSED): it has gone.
  socket.on('error', (error) => close({ kind: 'silent', message: error.message }));
  connect(socket, options.localAddress, peer, () => void handle({ kind: 'start' }));

  return {
    get isUnderWay() {
      return state.acked > 0;
    },
    ended: promise,
    stop: () => close({ kind: 'failed', message: 'stopped' }),
  };
}

function connect(
  socket: Socket,
  localAddress: string,
  peer: { address: string; port: number },
  done: () => void,
): void {
  socket.bind({ address: localAddress, port: 0, exclusive: true }, () => socket.connect(peer.port, peer.address, done));
}

/** Addresses here are numbers already; Node would ask its resolver thread each time. */
function literalLookup(
  address: string,
  _options: unknown,
  found: (error: null, address: string, family: number) => void,
) {
  found(null, address, 4);
}

/** What a datagram of the client means for its transfer; nothing for what does not belong there. */
function eventOf(bytes: Uint8Array): TransferEvent | undefined {
  try {
    const packet = decodeTftp(bytes);
    if (packet.kind === 'ack') return { kind: 'ack', block: packet.block };
    if (packet.kind === 'error') return { kind: 'error', message: packet.message };
  } catch {
    // Too short or senseless: as if it had been lost.
  }
  return undefined;
}
