// TLS 1.3 with the room's key as pre-shared key (RFC 8446, 2.2): both ends prove that they hold it, and traffic has fresh keys of its own (X25519 with
// ML-KEM) that the room's key does not reveal later. No certificates, hence no clock.

import { hkdfSync } from 'node:crypto';
import type { TcpNetConnectOpts } from 'node:net';
import { connect, createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';
import { ViverError } from '../../errors.ts';

export const KEY_BYTES = 32;
export const HANDSHAKE_MS = 5000;
const IDENTITY = 'viver-room-1';
// The hash of a pre-shared key given by callback is SHA-256: the suite must have the same (OpenSSL, SSL_CTX_set_psk_client_callback).
const PROTOCOL = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const;

/** One for all connections: each would make its own, which costs time and memory. */
const secureContext = createSecureContext(PROTOCOL);

/** The key of this protocol alone, made of the room's. @throws ViverError CLUSTER_BAD_KEY */
export function linkKey(roomKey: Uint8Array): Buffer {
  if (roomKey.length !== KEY_BYTES) {
    throw new ViverError('CLUSTER_BAD_KEY', `the room's key has ${roomKey.length} bytes, not ${KEY_BYTES}`);
  }
  return Buffer.from(hkdfSync('sha256', roomKey, '', 'viver membership 1', KEY_BYTES));
}

export function secureServer(key: Buffer): Server {
  return createServer({
    ...PROTOCOL,
    handshakeTimeout: HANDSHAKE_MS,
    pskCallback: (_socket, identity) => (identity === IDENTITY ? key : null),
  });
}

/** A socket that is being connected; look at `provesKey` when it says `secureConnect`. */
export function secureSocket(key: Buffer, host: string, port: number, localAddress: string): TLSSocket {
  const source: Partial<TcpNetConnectOpts> = { localAddress };
  return connect({
    secureContext,
    ...source,
    host,
    port,
    pskCallback: () => ({ psk: key, identity: IDENTITY }),
    // There are no certificates: that the other has the key is asked by provesKey().
    checkServerIdentity: () => undefined,
  });
}

/** A server could have answered with a certificate instead; any authority's would do. Only the key counts. */
export function provesKey(socket: TLSSocket): boolean {
  const certificate = socket.getPeerCertificate();
  return socket.isSessionReused() && Object.keys(certificate ?? {}).length === 0;
}
