// One NBD connection in its transmission phase: requests in, reads from the source at the same time, replies as they become ready.
// Owns the connection's open reads; when the connection closes they are aborted.

import type { Duplex } from 'node:stream';
import { errorLine, ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { BlockSource } from '../block-source.ts';
import { AdaptivePolling } from './polling.ts';
import { Command, NbdErrno } from './protocol.ts';
import { ReplyWriter } from './reply-writer.ts';
import { checkRequest, formatRequest, type Request, RequestDecoder } from './transmission.ts';

/** Open requests of one connection; more are left unread in the socket. The kernel has 128 on each. */
export const MAX_OPEN_REQUESTS = 1024;
/** Replies waiting for a slow client; above this no more requests are read. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;
const RETRY_FIRST_MILLISECONDS = 100;
const RETRY_LAST_MILLISECONDS = 2000;

export interface ConnectionOptions {
  readonly log: Log;
  /** `error`: answered with EIO. `retry`: read again for ever, since an I/O error of a root file system is the end of the system. */
  readonly onReadFailure: 'error' | 'retry';
  /** Bytes asked for in open reads; more are left unread. A read larger than this goes alone. */
  readonly maxOpenBytes: number;
  readonly adaptivePolling: boolean;
}

export class NbdConnection {
  /** Resolves when the connection is closed and its reads are aborted; never rejects. */
  readonly closed: Promise<void>;
  readonly #source: BlockSource;
  readonly #duplex: Duplex;
  readonly #options: ConnectionOptions;
  readonly #abort = new AbortController();
  readonly #decoder = new RequestDecoder();
  readonly #replies: ReplyWriter;
  readonly #polling: AdaptivePolling | undefined;
  /** Decoded, but not begun: the rest of a chunk that asks for more than may be open. */
  #waiting: Request[] = [];
  #openRequests = 0;
  #openBytes = 0;
  #isEnding = false;

  constructor(source: BlockSource, duplex: Duplex, options: ConnectionOptions) {
    this.#source = source;
    this.#duplex = duplex;
    this.#options = options;
    this.#replies = new ReplyWriter(duplex);
    this.#polling = options.adaptivePolling ? new AdaptivePolling() : undefined;
    this.closed = new Promise((resolve) => {
      duplex.once('close', () => {
        this.#abort.abort();
        resolve();
      });
    });
  }

  /** Starts to serve. @param firstBytes What the client sent behind its handshake. */
  start(firstBytes: Uint8Array): void {
    this.#duplex.on('data', (chunk: Uint8Array) => this.#take(chunk));
    // A client that is gone looks like one that only stopped sending; its reads may wait for ever, so it is taken as gone. One that said DISC
    // before is waiting for its answers (libnbd then shuts down its side at once).
    this.#duplex.on('end', () => {
      if (!this.#isEnding) this.close();
    });
    this.#duplex.on('drain', () => this.#resume());
    this.#duplex.on('error', (error) => this.#options.log.debug(`connection lost: ${errorLine(error)}`));
    if (firstBytes.length > 0) this.#take(firstBytes);
    this.#resume();
  }

  /** Closes now; open reads are aborted. */
  close(): void {
    this.#duplex.destroy();
  }

  #take(chunk: Uint8Array): void {
    this.#polling?.wake();
    try {
      const requests = this.#decoder.push(chunk);
      this.#begin(this.#waiting.length === 0 ? requests : [...this.#waiting, ...requests]);
    } catch (error) {
      if (!(error instanceof ViverError)) throw error;
      this.#options.log.warn(`connection closed: ${error.message}`);
      this.#duplex.destroy();
      return;
    }
    if (this.#isFull()) this.#duplex.pause();
  }

  /** Requests that would be too many at once wait: 64 KiB from the socket can ask for 75 GiB. */
  #begin(requests: Request[]): void {
    let at = 0;
    while (at < requests.length && !this.#isFull()) this.#handle(requests[at++]!);
    this.#waiting = at === 0 ? requests : requests.slice(at);
  }

  #handle(request: Request): void {
    if (this.#isEnding) return;
    if (request.command === Command.disc) {
      this.#end();
      return;
    }
    const errno = checkRequest(request, this.#source.sizeBytes);
    if (errno === NbdErrno.ok) {
      void this.#serve(request);
    } else {
      this.#options.log.debug(`refused with errno ${errno}: ${formatRequest(request)}`);
      this.#replies.reply(request, errno);
    }
  }

  async #serve(request: Request): Promise<void> {
    this.#openRequests++;
    this.#openBytes += request.lengthBytes;
    const payload = await this.#read(request);
    this.#openRequests--;
    this.#openBytes -= request.lengthBytes;
    if (this.#abort.signal.aborted) return;
    if (payload) this.#replies.reply(request, NbdErrno.ok, payload);
    else this.#replies.reply(request, NbdErrno.EIO);
    if (this.#isEnding) this.#endWhenAnswered();
    else if (this.#duplex.isPaused()) this.#resume();
  }

  /** The bytes; undefined when the read failed for good or the connection is gone. */
  async #read(request: Request): Promise<Uint8Array | undefined> {
    for (let wait = RETRY_FIRST_MILLISECONDS; ; wait = Math.min(wait * 2, RETRY_LAST_MILLISECONDS)) {
      try {
        return await this.#readOnce(request);
      } catch (error) {
        if (this.#abort.signal.aborted) return undefined;
        const isFinal = this.#options.onReadFailure === 'error';
        this.#options.log.warn(
          `${formatRequest(request)} failed, ${isFinal ? 'answered with EIO' : `again in ${wait} ms`}: ${errorLine(error)}`,
        );
        if (isFinal) return undefined;
        await delay(wait, this.#abort.signal);
      }
    }
  }

  async #readOnce({ offsetBytes, lengthBytes }: Request): Promise<Uint8Array> {
    const bytes = await this.#source.read(offsetBytes, lengthBytes, this.#abort.signal);
    // A wrong length would put every later reply out of step.
    if (bytes.length === lengthBytes) return bytes;
    throw new ViverError('BLOCK_SHORT', `the source gave ${bytes.length} bytes of ${lengthBytes}`);
  }

  #isFull(): boolean {
    return (
      this.#openRequests >= MAX_OPEN_REQUESTS ||
      this.#openBytes > this.#options.maxOpenBytes ||
      this.#duplex.writableLength > MAX_UNSENT_BYTES
    );
  }

  #resume(): void {
    if (this.#waiting.length > 0) this.#begin(this.#waiting);
    if (!this.#isFull()) this.#duplex.resume();
  }

  /** DISC: no more requests come; what is open is still answered. */
  #end(): void {
    this.#isEnding = true;
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    if (this.#openRequests === 0) this.#duplex.end(() => this.#duplex.destroy());
  }
}

/** Resolves after `milliseconds` or when the signal aborts. */
function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener('abort', finish);
  });
}
