// From the room's key to the secret of one machine's SSH host key. Pure.

const INFO = 'viver ssh-host-key ed25519 1 ';
const SEED_BITS = 256;

/**
 * HKDF-SHA256 (RFC 5869) without salt: the room's key is random. Who has the room's key can compute the seed of every machine.
 * @param mac The card that the machine boots from.
 */
export async function hostKeySeed(roomKey: Uint8Array, mac: string): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', roomKey.slice(), 'HKDF', false, ['deriveBits']);
  const info = new TextEncoder().encode(INFO + mac.toLowerCase());
  const bits = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info },
    key,
    SEED_BITS,
  );
  return new Uint8Array(bits);
}
