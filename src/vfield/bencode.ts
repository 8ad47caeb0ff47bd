// Strict bencode (BEP 3, BEP 52 "bencoding") around the bencodec package. Pure.
// bencodec keeps byte strings as bytes, but turns dictionary keys into UTF-8 text (`piece layers` has binary keys), takes any key order
// and bad number, and fills a value that is cut off with zeros, however long it says it is. So nothing reaches it before `bencodeEnd` has walked it; dictionaries
// are taken apart here, as views of the raw bytes, which is also what the info hash needs.

import bencodec from 'bencodec';
import { ViverError } from '../errors.ts';
import { plain } from './hash.ts';

/** Dictionaries and lists inside each other. A metainfo of ours has 4. */
export const MAX_BENCODE_DEPTH = 16;
/** Values in one message: keeps a 16 MiB message of `le` from costing seconds. */
export const MAX_BENCODE_VALUES = 100_000;
const MAX_NUMBER_DIGITS = 16;

const INTEGER = 0x69; // i
const LIST = 0x6c; // l
const DICTIONARY = 0x64; // d
const END = 0x65; // e
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** What `decodeBencode` gives and `encodeBencode` takes. Byte strings are Uint8Array; text is taken when encoding only. */
export type BencodeValue = number | string | Uint8Array | BencodeValue[] | { [key: string]: BencodeValue };

export interface BencodeOptions {
  /** Peers' small messages come with keys in any order; a metainfo never does, its hash hangs on it. Default false. */
  readonly anyKeyOrder?: boolean;
}

interface Walk {
  readonly bytes: Uint8Array;
  readonly anyKeyOrder: boolean;
  values: number;
}

/**
 * Where the canonical value that begins at `start` ends; bytes may follow it (BEP 9 data messages).
 * @throws ViverError `BENCODE_INVALID`, `BENCODE_SHORT` or `BENCODE_LIMIT`.
 */
export function bencodeEnd(bytes: Uint8Array, start = 0, options: BencodeOptions = {}): number {
  return valueEnd({ bytes, anyKeyOrder: options.anyKeyOrder ?? false, values: 0 }, start, 0);
}

/** The values of a dictionary as raw bencode, by key; a key is text with one character per byte. `bytes` holds nothing else. */
export function dictionarySpans(bytes: Uint8Array, options: BencodeOptions = {}): Map<string, Uint8Array> {
  if (bytes[0] !== DICTIONARY) throw invalid('a dictionary was expected', 0);
  checkWhole(bytes, options);
  const walk: Walk = { bytes, anyKeyOrder: true, values: 0 };
  const spans = new Map<string, Uint8Array>();
  let at = 1;
  while (bytes[at] !== END) {
    const [keyStart, keyEnd] = stringBounds(walk, at);
    const end = valueEnd(walk, keyEnd, 1);
    spans.set(Buffer.from(bytes.subarray(keyStart, keyEnd)).toString('latin1'), bytes.subarray(keyEnd, end));
    at = end;
  }
  return spans;
}

/** The content of a byte string, a view. @param what Named in the error. */
export function bytesOfSpan(span: Uint8Array, what: string): Uint8Array {
  if (!isDigit(span[0])) throw invalid(`${what} is not a string`, 0);
  const [start, end] = stringBounds({ bytes: span, anyKeyOrder: true, values: 0 }, 0);
  return span.subarray(start, end);
}

/** The integer of a span, always a safe one. @param what Named in the error. */
export function integerOfSpan(span: Uint8Array, what: string): number {
  if (span[0] !== INTEGER) throw invalid(`${what} is not an integer`, 0);
  return integerAt(span, 0).value;
}

/** Decodes one whole value whose dictionary keys are text, such as a message of BEP 10. Checked strictly first. */
export function decodeBencode(bytes: Uint8Array, options: BencodeOptions = {}): BencodeValue {
  checkWhole(bytes, options);
  return bencodec.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) as BencodeValue;
}

/** Canonical bencode of `value`: keys must be ASCII, numbers safe integers. */
export function encodeBencode(value: BencodeValue): Uint8Array {
  return plain(bencodec.encode(value as never) as unknown as Uint8Array);
}

/** A dictionary of values that are bencode already, the inverse of `dictionarySpans`: keys have one character per byte and are put in order. */
export function encodeSpans(spans: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = [...spans].map(([key, value]) => [Buffer.from(key, 'latin1'), value] as const);
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  const parts = entries.flatMap(([key, value]) => [Buffer.from(`${key.length}:`), key, value]);
  return plain(Buffer.concat([Buffer.of(DICTIONARY), ...parts, Buffer.of(END)]));
}

function checkWhole(bytes: Uint8Array, options: BencodeOptions): void {
  const end = bencodeEnd(bytes, 0, options);
  if (end !== bytes.length) throw invalid(`${bytes.length - end} bytes follow the value`, end);
}

function valueEnd(walk: Walk, at: number, depth: number): number {
  if (depth > MAX_BENCODE_DEPTH) throw limit(`values are nested deeper than ${MAX_BENCODE_DEPTH}`, at);
  if (++walk.values > MAX_BENCODE_VALUES) throw limit(`more than ${MAX_BENCODE_VALUES} values`, at);
  const kind = walk.bytes[at];
  if (kind === undefined) throw short(at);
  if (isDigit(kind)) return stringBounds(walk, at)[1];
  if (kind === INTEGER) return integerAt(walk.bytes, at).end;
  if (kind === LIST) return listEnd(walk, at, depth);
  if (kind === DICTIONARY) return dictionaryEnd(walk, at, depth);
  throw invalid(`byte ${kind} begins no value`, at);
}

function listEnd(walk: Walk, start: number, depth: number): number {
  let at = start + 1;
  while (walk.bytes[at] !== END) at = valueEnd(walk, at, depth + 1);
  return at + 1;
}

function dictionaryEnd(walk: Walk, start: number, depth: number): number {
  let at = start + 1;
  let previous: Uint8Array | undefined;
  while (walk.bytes[at] !== END) {
    const [keyStart, keyEnd] = stringBounds(walk, at);
    const key = walk.bytes.subarray(keyStart, keyEnd);
    if (isPrototypeKey(key)) throw invalid('the key __proto__ is refused', at);
    if (!walk.anyKeyOrder && previous && Buffer.compare(previous, key) >= 0)
      throw invalid('keys are not in order or come twice', at);
    previous = key;
    at = valueEnd(walk, keyEnd, depth + 1);
  }
  return at + 1;
}

/** bencodec assigns keys on a plain object; this one would change its prototype. */
function isPrototypeKey(key: Uint8Array): boolean {
  return key.length === 9 && Buffer.from(key).toString('latin1') === '__proto__';
}

/** Start and end of the content of the string at `at`. */
function stringBounds(walk: Walk, at: number): [start: number, end: number] {
  const { value, end } = digitsAt(walk.bytes, at);
  if (walk.bytes[end] !== COLON) throw walk.bytes.length > end ? invalid('a string has no colon', end) : short(end);
  const start = end + 1;
  if (value > walk.bytes.length - start) throw short(at);
  return [start, start + value];
}

function integerAt(bytes: Uint8Array, start: number): { value: number; end: number } {
  const negative = bytes[start + 1] === MINUS;
  const { value, end } = digitsAt(bytes, start + (negative ? 2 : 1));
  if (bytes[end] !== END) throw bytes.length > end ? invalid('an integer has no end', end) : short(end);
  if (negative && value === 0) throw invalid('minus zero is no integer', start);
  return { value: negative ? -value : value, end: end + 1 };
}

function digitsAt(bytes: Uint8Array, start: number): { value: number; end: number } {
  let at = start;
  let value = 0;
  while (isDigit(bytes[at])) {
    value = value * 10 + (bytes[at]! - ZERO);
    if (++at - start > MAX_NUMBER_DIGITS || value > Number.MAX_SAFE_INTEGER)
      throw limit('a number is too large', start);
  }
  if (at === start) throw at < bytes.length ? invalid('a digit was expected', at) : short(at);
  if (bytes[start] === ZERO && at - start > 1) throw invalid('a number has a leading zero', start);
  return { value, end: at };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function invalid(message: string, offset: number): ViverError {
  return new ViverError('BENCODE_INVALID', `bencode: ${message} (offset ${offset})`, { details: { offset } });
}

function short(offset: number): ViverError {
  return new ViverError('BENCODE_SHORT', `bencode: the bytes end in the middle of a value (offset ${offset})`, {
    details: { offset },
  });
}

function limit(message: string, offset: number): ViverError {
  return new ViverError('BENCODE_LIMIT', `bencode: ${message} (offset ${offset})`, { details: { offset } });
}
