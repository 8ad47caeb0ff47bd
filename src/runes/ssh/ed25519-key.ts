// Ed25519 key pairs in the files that OpenSSH reads: PROTOCOL.key of its sources for the private one, RFC 8709 section 4 for the public one. Pure.

const ALGORITHM = 'ssh-ed25519';
const SEED_BYTES = 32;
/** PKCS #8 of an Ed25519 key up to its seed (RFC 8410 section 7). */
const PKCS8_HEAD = Uint8Array.fromHex('302e020100300506032b657004220420');
const MAGIC = new TextEncoder().encode('openssh-key-v1\0');
/** What unencrypted private keys are padded to. */
const BLOCK_BYTES = 8;
const LINE_CHARACTERS = 70;

export interface Ed25519Pair {
  /** 32 bytes from which the key follows (RFC 8032 5.1.5). */
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** @param seed 32 bytes. */
export async function keyPairOf(seed: Uint8Array): Promise<Ed25519Pair> {
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes, not ${seed.length}`);
  const pkcs8 = new Uint8Array([...PKCS8_HEAD, ...seed]);
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign']);
  const { x = '' } = await crypto.subtle.exportKey('jwk', key);
  return { seed, publicKey: Uint8Array.fromBase64(x, { alphabet: 'base64url' }) };
}

/** `ssh-ed25519 AAAA... COMMENT`, with a line end. */
export function formatPublicKey(publicKey: Uint8Array, comment: string): string {
  return `${ALGORITHM} ${publicBlob(publicKey).toBase64()} ${comment}\n`;
}

/** The text of a private key file without passphrase. */
export function formatOpensshKey({ seed, publicKey }: Ed25519Pair, comment: string): string {
  // The same number twice lets a reader see that a passphrase was right; there is none.
  const checkNumber = number32(0x76697665);
  const secret = concat(
    ...[checkNumber, checkNumber, text(ALGORITHM), bytes(publicKey)],
    ...[bytes(concat(seed, publicKey)), text(comment)],
  );
  const body = concat(
    ...[MAGIC, text('none'), text('none'), text(''), number32(1)],
    ...[bytes(publicBlob(publicKey)), bytes(padded(secret))],
  );
  const lines = body.toBase64().match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function publicBlob(publicKey: Uint8Array): Uint8Array {
  return concat(text(ALGORITHM), bytes(publicKey));
}

/** 1, 2, 3 ... up to a whole block. */
function padded(secret: Uint8Array): Uint8Array {
  const missing = (BLOCK_BYTES - (secret.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return concat(
    secret,
    Uint8Array.from({ length: missing }, (_, index) => index + 1),
  );
}

function number32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** A length, and what it counts (RFC 4251 section 5, string). */
function bytes(content: Uint8Array): Uint8Array {
  return concat(number32(content.length), content);
}

function text(content: string): Uint8Array {
  return bytes(new TextEncoder().encode(content));
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
