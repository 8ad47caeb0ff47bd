// TFTP server, reading only: RFC 1350, 2347-2349, 7440. The socket on port 69 takes requests; each transfer has a socket of its own
// (sender.ts). Bound to one address, so that answers come from the address that was asked. Owns the list of running transfers.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { errorLine, ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { normalizePath, type OpenBootContent } from '../content.ts';
import { DEFAULT_LIMITS, negotiate, type TransferLimits } from './negotiate.ts';
import { decodeTftp, encodeTftp, TftpError, type TftpPacket } from './packet.ts';
import { type Outcome, type Sender, startSender } from './sender.ts';

export interface TftpServerOptions {
  readonly address: string;
  /** 69, or 0 for any. */
  readonly port: number;
  readonly open: OpenBootContent;
  readonly limits?: TransferLimits;
  readonly log: Log;
}

export interface TftpServer {
  readonly port: number;
  /** Transfers that run now. */
  active(): number;
  /** How often each thing happened: `done`, `silent`, `not found`, `bad: TFTP_SHORT`, ... */
  counts(): Record<string, number>;
  close(): Promise<void>;
}

/** A room of PCs several times over; more are not answered, and ask again. */
const MAX_TRANSFERS = 1024;
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

type TransferRequest = Extract<TftpPacket, { mode: string }>;

/** Starts serving. Rejects with ViverError TFTP_PORT when the port can't be had. */
export async function createTftpServer(options: TftpServerOptions): Promise<TftpServer> {
  const { log } = options;
  const counts = new Map<string, number>();
  const senders = new Map<string, { path: string; sender?: Sender }>();
  const socket = createSocket({ type: 'udp4', reuseAddr: false });
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);

  async function onRequest(bytes: Uint8Array, peer: RemoteInfo): Promise<void> {
    const request = tryDecode(bytes, count);
    if (!request) return;
    if (request.kind !== 'read') {
      return refuse(peer, TftpError.accessViolation, 'this server only gives files', `write of ${request.path}`);
    }
    if (request.mode !== 'octet') {
      return refuse(peer, TftpError.illegalOperation, 'use octet (binary) mode', `mode ${request.mode}`);
    }
    const key = `${peer.address}:${peer.port}`;
    const running = senders.get(key);
    // The answer was late or lost and the client asks again: the running transfer sends it again by itself.
    if (running && running.path === request.path && !running.sender?.isUnderWay) return count('repeated request');
    if (!running && senders.size >= MAX_TRANSFERS) return count('too many at once');
    running?.sender?.stop();
    await serve(request, peer, key);
  }

  async function serve(request: TransferRequest, peer: RemoteInfo, key: string): Promise<void> {
    const entry: { path: string; sender?: Sender } = { path: request.path };
    senders.set(key, entry);
    try {
      const path = normalizePath(request.path);
      const content = path === undefined ? undefined : await options.open(path, { address: peer.address });
      if (!content) return refuse(peer, TftpError.notFound, 'no such file', `not found: ${request.path}`);
      const terms = negotiate(request.options, content.sizeBytes, options.limits ?? DEFAULT_LIMITS);
      const startMs = performance.now();
      entry.sender = startSender({ localAddress: options.address, peer, content, terms });
      const outcome = await entry.sender.ended;
      count(outcome.kind);
      logOutcome(log, `${peer.address} ${path}`, outcome, content.sizeBytes, performance.now() - startMs);
    } catch (error) {
      log.error(`${request.path}: ${errorLine(error)}`);
      refuse(peer, TftpError.undefined, 'the file cannot be read', 'failed');
    } finally {
      if (senders.get(key) === entry) senders.delete(key);
    }
  }

  function refuse(peer: RemoteInfo, code: number, message: string, why: string): void {
    count(code === TftpError.notFound ? 'not found' : 'refused');
    log.info(`${peer.address} refused: ${why}`);
    socket.send(encodeTftp({ kind: 'error', code, message }), peer.port, peer.address, () => {});
  }

  socket.on('message', (bytes, peer) => void onRequest(bytes, peer));
  await bind(socket, options);
  socket.on('error', (error) => log.warn(`socket: ${error.message}`));
  const { port } = socket.address();
  log.info(`serves files on ${options.address}:${port}`);
  return {
    port,
    active: () => senders.size,
    counts: () => Object.fromEntries(counts),
    close: async () => {
      const running = [...senders.values()].flatMap(({ sender }) => (sender ? [sender] : []));
      for (const sender of running) sender.stop();
      await Promise.all(running.map((sender) => sender.ended));
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

function tryDecode(bytes: Uint8Array, count: (what: string) => void): TransferRequest | undefined {
  try {
    const packet = decodeTftp(bytes);
    if (packet.kind === 'read' || packet.kind === 'write') return packet;
    count('not a request');
  } catch (error) {
    count(`bad: ${error instanceof ViverError ? error.code : 'unexpected'}`);
  }
  return undefined;
}

function bind(socket: Socket, { address, port }: TftpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(new ViverError('TFTP_PORT', `TFTP: can't open ${address}:${port}: ${cause.message}`, { cause }));
    socket.once('error', fail);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', fail);
      try {
        socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
      } catch {
        // The system allows less; only a burst of requests would notice.
      }
      resolve();
    });
  });
}

/** A client that looks at the size and stops (UEFI does) is nothing to warn about. */
function logOutcome(log: Log, what: string, outcome: Outcome, sizeBytes: number, ms: number): void {
  const line = `${what}: ${outcome.kind}, ${sizeBytes} bytes, ${Math.round(ms)} ms`;
  if (outcome.kind === 'done') log.info(line);
  else if (outcome.kind === 'refused') log.info(`${line} (client: ${outcome.message})`);
  else log.warn(`${line} (${outcome.message})`);
}
