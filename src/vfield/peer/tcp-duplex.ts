// One TCP connection of the field. Reads go into one static buffer, which measured 1.2 to 1.4 times the speed of plain 'data' events; writes of one turn of the
// event loop leave as one system call, out of few large buffers (staging.ts).

import type { OnReadOpts, Socket } from 'node:net';
import type { Duplex, DuplexHandlers, DuplexOwner } from '../transport.ts';
import { Staging } from './staging.ts';

/** Bytes waiting in this process above which bulk data has to wait. Each system call wakes the receiver; on a slow link the receiver's window holds less than this. */
export const WRITE_AHEAD_BYTES = 524_288;
/** Bytes of one read; libuv takes up to 32 of them before other work gets its turn. */
const READ_BYTES = 262_144;
/**
 * One for all connections: what is read is used up before the next read, and 200 peers would else take 50 MiB. No Buffer, whose `slice` would be a view
 * where everybody else's is a copy.
 */
const readBuffer = new Uint8Array(READ_BYTES);

export class TcpDuplex implements Duplex {
  readonly remoteAddress: string;
  readonly copies = true;
  readonly onread: OnReadOpts;
  #socket: Socket | undefined;
  #handlers: DuplexHandlers | undefined;
  readonly #staging = new Staging();
  #flushing = false;
  /** Somebody waits for `onDrain`. */
  #full = false;
  #closed = false;

  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress;
    this.onread = {
      buffer: readBuffer,
      callback: (count, buffer) => {
        this.deliver(buffer.subarray(0, count));
        return true;
      },
    };
  }

  attach(socket: Socket, owner: DuplexOwner): void {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('drain', () => this.#drained());
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('closed by the other side'));
    socket.on('end', () => socket.destroy());
    this.#handlers = owner(this);
  }

  deliver(chunk: Uint8Array): void {
    if (!this.#closed) this.#handlers?.onData(chunk);
  }

  write(bytes: Uint8Array, sent?: () => void): boolean {
    const socket = this.#socket;
    if (!socket || this.#closed) return true;
    this.#staging.add(bytes);
    sent?.();
    this.#flushSoon();
    this.#full ||= socket.writableLength + this.#staging.bytes >= WRITE_AHEAD_BYTES;
    return !this.#full;
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const socket = this.#socket;
    if (!socket || this.#closed) return;
    socket.cork();
    const isReady = this.#staging.flush((bytes, sent) => socket.write(bytes, sent));
    socket.uncork();
    // Where it is not, the socket tells when it has drained.
    if (isReady) this.#drained();
  }

  #drained(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#handlers?.onDrain();
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.destroy();
    this.#handlers?.onClose(reason);
  }
}
