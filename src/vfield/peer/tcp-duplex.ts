// One TCP connection of the field. Reads go into one static buffer, which measured 1.2 to 1.4 times the speed of plain 'data' events; writes of one turn
// of the event loop leave as one system call, and short ones among them as one buffer.

import type { OnReadOpts, Socket } from 'node:net';
import type { Duplex, DuplexHandlers, DuplexOwner } from '../transport.ts';

/** Bytes of one read; libuv takes up to 32 of them before other work gets its turn. */
const READ_BYTES = 262_144;
/**
 * One for all connections: what is read is used up before the next read, and 200 peers would else take 50 MiB. No Buffer, whose `slice` would be a view
 * where everybody else's is a copy.
 */
const readBuffer = new Uint8Array(READ_BYTES);
/** Writes of messages up to this length are put together: a write costs the stream some microseconds, and requests come by the dozen. */
const SHORT_BYTES = 256;

export class TcpDuplex implements Duplex {
  readonly remoteAddress: string;
  readonly onread: OnReadOpts;
  #socket: Socket | undefined;
  #handlers: DuplexHandlers | undefined;
  #corked = false;
  #closed = false;
  #short: Uint8Array[] = [];

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
    socket.on('drain', () => this.#handlers?.onDrain());
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
    this.#flushSoon(socket);
    if (bytes.length <= SHORT_BYTES && !sent) {
      this.#short.push(bytes);
      return !socket.writableNeedDrain;
    }
    this.#writeShort(socket);
    return socket.write(bytes, sent);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  #flushSoon(socket: Socket): void {
    if (this.#corked) return;
    this.#corked = true;
    socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#writeShort(socket);
      socket.uncork();
    });
  }

  #writeShort(socket: Socket): void {
    if (this.#short.length === 0) return;
    if (!this.#closed) socket.write(this.#short.length === 1 ? this.#short[0]! : Buffer.concat(this.#short));
    this.#short = [];
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.destroy();
    this.#handlers?.onClose(reason);
  }
}
