// Damage to an input: bits, bytes, lengths, digits, order, ends. Each takes bytes and gives new ones; the input stays as it is.

import type { Random } from './random.ts';

/** Longer outcomes are cut: beyond every message limit but that of a metainfo. */
const LONGEST_BYTES = 200_000;
/** Where decoders have their edges: zero, signs, our limits and one beside each. */
const EDGES = [
  0, 1, 2, 3, 5, 9, 13, 16, 20, 28, 32, 47, 48, 49, 63, 64, 68, 127, 128, 255, 256, 512, 513, 4095, 4096, 4097, 8192, 8193,
  16_383, 16_384, 16_385, 65_535, 65_536, 131_071, 131_072, 131_073, 131_081, 131_082, 1_048_576, 33_554_432, 33_554_433,
  0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
]; // biome-ignore format: a table
const NUMBERS = [
  '0',
  '-1',
  '-0',
  '00',
  '1',
  '2',
  '16384',
  '99999',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
];

type Mutation = (bytes: Uint8Array, random: Random, other: () => Uint8Array) => Uint8Array;

const mutations: readonly Mutation[] = [
  flipBits,
  setBytes,
  setEdge,
  setEdge,
  swapWords,
  truncate,
  truncateFront,
  insert,
  duplicate,
  remove,
  splice,
  changeNumber,
];

/** One to four damages, one after the other. @param other Gives another input, to splice with. */
export function mutate(input: Uint8Array, random: Random, other: () => Uint8Array): Uint8Array {
  let bytes = input;
  for (let left = 1 + random.below(4) * random.below(2); left > 0; left--) {
    bytes = random.pick(mutations)(bytes, random, other);
  }
  return bytes.length > LONGEST_BYTES ? bytes.subarray(0, LONGEST_BYTES) : bytes;
}

/** One damage that leaves the length: the message is still taken for one of its kind. */
export function mutateInPlace(input: Uint8Array, random: Random): Uint8Array {
  return random.pick([flipBits, setBytes, setEdge, setEdge, swapWords])(input, random);
}

function flipBits(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = new Uint8Array(bytes);
  if (changed.length === 0) return changed;
  for (let left = 1 + random.below(4); left > 0; left--) changed[random.below(changed.length)]! ^= 1 << random.below(8);
  return changed;
}

function setBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = new Uint8Array(bytes);
  const start = random.below(changed.length + 1);
  return changed.fill(random.pick([0, 255, random.u32() & 255]), start, start + 1 + random.below(8));
}

/** A number of 1, 2, 4 or 8 bytes becomes an extreme one, or moves by one. */
function setEdge(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = new Uint8Array(bytes);
  const width = random.pick([1, 2, 4, 4, 4, 8]);
  if (changed.length < width) return changed;
  const at = random.below(changed.length - width + 1);
  const view = new DataView(changed.buffer, changed.byteOffset + at, width);
  const value = random.pick(EDGES);
  if (width === 1) view.setUint8(0, random.chance(0.5) ? value : view.getUint8(0) + random.pick([-1, 1]));
  else if (width === 2) view.setUint16(0, random.chance(0.5) ? value : view.getUint16(0) + random.pick([-1, 1]));
  else if (width === 4) view.setUint32(0, random.chance(0.7) ? value : view.getUint32(0) + random.pick([-1, 1]));
  else view.setBigUint64(0, (BigInt(random.pick(EDGES)) << 32n) | BigInt(value));
  return changed;
}

/** Two 4-byte words change places: lengths stand where offsets should. */
function swapWords(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = new Uint8Array(bytes);
  if (changed.length < 8) return changed;
  const [a, b] = [random.below(changed.length - 3), random.below(changed.length - 3)];
  const word = bytes.subarray(a, a + 4);
  changed.copyWithin(a, b, b + 4);
  changed.set(word, b);
  return changed;
}

function truncate(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

function truncateFront(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.subarray(random.below(Math.min(bytes.length, 64) + 1));
}

function insert(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  return joined(bytes.subarray(0, at), random.bytes(1 + random.below(16)), bytes.subarray(at));
}

function duplicate(bytes: Uint8Array, random: Random): Uint8Array {
  const [start, end] = range(bytes, random);
  const part = bytes.subarray(start, end);
  const times = part.length < 64 && random.chance(0.1) ? 1 + random.below(200) : 1;
  return joined(bytes.subarray(0, end), ...new Array<Uint8Array>(times).fill(part), bytes.subarray(end));
}

function remove(bytes: Uint8Array, random: Random): Uint8Array {
  const [start, end] = range(bytes, random);
  return joined(bytes.subarray(0, start), bytes.subarray(end));
}

function splice(bytes: Uint8Array, random: Random, other: () => Uint8Array): Uint8Array {
  const tail = other();
  return joined(bytes.subarray(0, random.below(bytes.length + 1)), tail.subarray(random.below(tail.length + 1)));
}

/** A decimal number, as bencode, magnet links and HTTP have them, becomes another one. */
function changeNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.below(bytes.length + 1);
  const start = bytes.findIndex((byte, at) => at >= from && isDigit(byte));
  if (start < 0) return bytes;
  let end = start;
  while (isDigit(bytes[end])) end++;
  const number = random.chance(0.5)
    ? random.pick(NUMBERS)
    : String(Number(Buffer.from(bytes.subarray(start, Math.min(end, start + 12))).toString()) + random.pick([-1, 1]));
  return joined(bytes.subarray(0, start), Buffer.from(number), bytes.subarray(end));
}

function range(bytes: Uint8Array, random: Random): [start: number, end: number] {
  const start = random.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + 1 + random.below(random.chance(0.8) ? 16 : bytes.length + 1))];
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** A peer's message behind its length. */
export function framed(body: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, body.length);
  return joined(length, body);
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
