// Addresses of members, `ADDRESS:PORT`, IPv4 only. Pure.

/** So many of its neighbours a member tells at once. */
export const MAX_ADDRESSES_TOLD = 1000;

const ADDRESS = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?::(\d{1,5}))?$/;

/** `ADDRESS` or `ADDRESS:PORT` with the port; undefined for what is no address of a machine. */
export function withPort(text: string, port: number): string | undefined {
  const parts = ADDRESS.exec(text);
  if (!parts) return undefined;
  const bytes = parts.slice(1, 5).map(Number);
  const own = parts[5] === undefined ? port : Number(parts[5]);
  const first = bytes[0]!;
  if (bytes.some((byte) => byte > 255) || first === 0 || first >= 224 || own < 1 || own > 65_535) return undefined;
  return `${bytes.join('.')}:${own}`;
}

export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

export function encodeAddresses(addresses: readonly string[]): string {
  return addresses.slice(0, MAX_ADDRESSES_TOLD).join(',');
}

/** Those that are some; the rest is passed over. */
export function decodeAddresses(body: string): string[] {
  if (body.length > MAX_ADDRESSES_TOLD * 'ddd.ddd.ddd.ddd:ppppp,'.length) return [];
  const words = body.split(',').slice(0, MAX_ADDRESSES_TOLD);
  return words.flatMap((word) => (word.includes(':') ? (withPort(word, 0) ?? []) : []));
}
