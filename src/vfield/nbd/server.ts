// The NBD server over any Duplex: for programs with the handshake, for the kernel without one (it was told size and flags by netlink).
// One connection knows nothing of another; several to the same source are fine (CAN_MULTI_CONN).

import type { Duplex } from 'node:stream';
import { errorLine } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type BlockSource, zeroExtended, zeroPadded } from '../block-source.ts';
import { NbdConnection } from './connection.ts';
import { Handshake, type HandshakeStep } from './handshake.ts';

/** Open reads of one program, in bytes. The kernel's are bounded by its queue depth and must never wait for each other. */
const MAX_PROGRAM_BYTES = 128 * 1024 * 1024;
/** Time for the whole handshake. */
export const HANDSHAKE_MILLISECONDS = 30_000;

/** Something that programs can read by its name. */
export interface NbdExport {
  /** UTF-8, at most 4096 bytes. */
  readonly name: string;
  readonly description?: string;
  readonly source: BlockSource;
}

export interface NbdServerOptions {
  readonly log: Log;
  /** Sizes of exports are rounded up to a multiple of this with zeros; 1 when left out. */
  readonly padToBytes?: number;
  /** Look out for the next request for 0.2 ms after each one. Off when left out. */
  readonly adaptivePolling?: boolean;
}

export interface NbdKernelOptions {
  readonly log: Log;
  /** Size of the device; zeros follow the source. Its own size when left out. */
  readonly sizeBytes?: number;
  /** On when left out. */
  readonly adaptivePolling?: boolean;
}

/** A served connection. */
export interface NbdSession {
  /** Resolves when the connection is closed and its reads are aborted; never rejects. */
  readonly closed: Promise<void>;
  close(): void;
}

/**
 * Serves programs over a fresh connection: fixed newstyle handshake, then reads. A read that fails is answered with EIO.
 * @param exports In order; the first is also the default export.
 */
export function serveNbd(exports: readonly NbdExport[], duplex: Duplex, options: NbdServerOptions): NbdSession {
  const sources = exports.map((entry) => zeroPadded(entry.source, options.padToBytes ?? 1));
  const facts = exports.map(({ name, description }, at) => ({
    name,
    sizeBytes: sources[at]!.sizeBytes,
    ...(description !== undefined && { description }),
  }));
  const session: NbdSession = {
    closed: new Promise((resolve) => duplex.once('close', resolve)),
    close: () => duplex.destroy(),
  };
  shakeHands(new Handshake(facts), duplex, options.log, (index, rest) => {
    options.log.debug(`export "${exports[index]!.name}" opened`);
    const connection = new NbdConnection(sources[index]!, duplex, {
      log: options.log,
      onReadFailure: 'error',
      maxOpenBytes: MAX_PROGRAM_BYTES,
      adaptivePolling: options.adaptivePolling ?? false,
    });
    connection.start(rest);
  });
  return session;
}

/**
 * Serves the kernel's NBD driver over a socket that was attached without a handshake (netlink, NBD_ATTR_SOCKETS).
 * A read never fails: it is tried again until the source answers or the connection closes.
 */
export function serveNbdTransmission(source: BlockSource, duplex: Duplex, options: NbdKernelOptions): NbdSession {
  const connection = new NbdConnection(zeroExtended(source, options.sizeBytes ?? source.sizeBytes), duplex, {
    log: options.log,
    onReadFailure: 'retry',
    maxOpenBytes: Number.POSITIVE_INFINITY,
    adaptivePolling: options.adaptivePolling ?? true,
  });
  connection.start(new Uint8Array(0));
  return connection;
}

type Opened = (exportIndex: number, rest: Uint8Array) => void;

/** Runs the handshake; hands the stream over when it is through, closes it when it is not in time. */
function shakeHands(handshake: Handshake, duplex: Duplex, log: Log, opened: Opened): void {
  const timer = setTimeout(() => close('the handshake took too long'), HANDSHAKE_MILLISECONDS);
  const release = (): void => {
    clearTimeout(timer);
    duplex.off('data', take).off('end', onEnd).off('error', onError);
  };
  const close = (reason: string): void => {
    log.debug(`closed in the handshake: ${reason}`);
    release();
    duplex.on('error', () => {});
    duplex.end(() => duplex.destroy());
  };
  const onEnd = (): void => close('the client is gone');
  const onError = (error: Error): void => log.debug(`lost in the handshake: ${errorLine(error)}`);
  const take = (chunk: Uint8Array): void => {
    const { send, state }: HandshakeStep = handshake.push(chunk);
    if (send.length > 0) duplex.write(send);
    if (state.kind === 'closed') close(state.reason);
    if (state.kind !== 'transmission') return;
    release();
    opened(state.exportIndex, state.rest);
  };
  duplex.once('close', () => clearTimeout(timer));
  duplex.on('data', take).on('end', onEnd).on('error', onError);
  duplex.write(handshake.greeting);
}
