// Link: one connection to another member that holds the key. Owns the socket; frames go in and out, and more than it may hold ends it.

import type { TLSSocket } from 'node:tls';
import { encodeFrame, FRAME_KINDS, type Frame, type FrameKind, FrameReader, MAX_FRAME_BYTES } from './frames.ts';
import { decodeHello, type Hello } from './hello.ts';

/** A member that does not read what it is sent is cut off at that. */
export const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
const HELLO_MS = 5000;

export interface LinkOwner {
  hello(link: Link, hello: Hello): void;
  frame(link: Link, frame: Frame): void;
  closed(link: Link, reason: string): void;
}

export class Link {
  /** The address that this side dialed; undefined when the other side made the connection. */
  readonly dialed: string | undefined;
  readonly since = performance.now();
  /** Anything that came is a sign of life; milliseconds of the monotonic clock. */
  heardAt = performance.now();
  peer: Hello | undefined;
  readonly #socket: TLSSocket;
  readonly #owner: LinkOwner;
  readonly #reader = new FrameReader();
  readonly #timer: NodeJS.Timeout;
  #reason = 'closed by the other side';
  #isClosed = false;

  constructor(socket: TLSSocket, dialed: string | undefined, owner: LinkOwner) {
    this.#socket = socket;
    this.dialed = dialed;
    this.#owner = owner;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.#end());
    this.#timer = setTimeout(() => this.close('no hello'), HELLO_MS);
  }

  /** The address that the other side's packets come from. */
  get remoteHost(): string {
    return this.#socket.remoteAddress ?? '';
  }

  get isOurs(): boolean {
    return this.dialed !== undefined;
  }

  /** @throws ViverError CLUSTER_TOO_LARGE. What a closed link is given is lost. */
  send(kind: FrameKind, body: string): void {
    const bytes = encodeFrame(kind, body);
    if (this.#isClosed) return;
    if (this.#socket.writableLength > MAX_QUEUED_BYTES) this.close('does not read what it is sent');
    else this.#write(bytes);
  }

  /** What is sent within one turn goes out as one: fewer TLS records, fewer calls of the kernel. */
  #write(bytes: Uint8Array): void {
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#socket.write(bytes);
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#reason = reason;
    this.#socket.destroy();
    this.#end();
  }

  /** Lets what was sent go out first. */
  finish(): void {
    this.#socket.end();
  }

  #read(chunk: Buffer): void {
    this.heardAt = performance.now();
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (this.#isClosed) return;
        if (this.peer) this.#owner.frame(this, frame);
        else this.#greet(frame);
      }
    } catch (error) {
      this.close(error instanceof Error ? error.message : String(error));
    }
  }

  #greet(frame: Frame): void {
    const hello = frame.kind === FRAME_KINDS.hello ? decodeHello(frame.body) : undefined;
    if (!hello) {
      this.close('no hello of ours');
      return;
    }
    clearTimeout(this.#timer);
    this.#reader.limit = MAX_FRAME_BYTES;
    this.peer = hello;
    this.#owner.hello(this, hello);
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#owner.closed(this, this.#reason);
  }
}
