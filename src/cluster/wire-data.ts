// Plain data as JSON text. Bytes are {"$bytes": "base64"}, and an undefined is {"$": "undefined"}; a record that happens to have such a key is wrapped, so that what comes out
// is what went in. Pure.

import { ViverError } from '../errors.ts';
import { asPlainData, MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH } from '../runes/contract/plain-data.ts';

const BYTES = '$bytes';
const UNDEFINED = '$undefined';
const RECORD = '$record';

/** The text of a value. @throws ViverError RUNES_NOT_PLAIN, CLUSTER_TOO_LARGE for more than 1 MiB. */
export function encodeData(value: unknown, what: string): string {
  return JSON.stringify(toJson(plain(value, what)));
}

/** @throws ViverError CLUSTER_BAD_DATA for what is no text of encodeData(). */
export function decodeData(text: unknown): unknown {
  if (typeof text !== 'string') throw bad('no text');
  try {
    return fromJson(JSON.parse(text), 0);
  } catch (error) {
    throw error instanceof ViverError ? error : bad(error instanceof Error ? error.message : String(error));
  }
}

/** A frozen copy, by the rules of runes' messages; too large is the cluster's own error. */
export function plain(value: unknown, what: string): unknown {
  try {
    return asPlainData(value, what);
  } catch (error) {
    if (error instanceof ViverError && error.code === 'RUNES_TOO_LARGE') throw tooLarge(what);
    throw error;
  }
}

function toJson(value: unknown): unknown {
  if (value === undefined) return { [UNDEFINED]: 1 };
  if (value instanceof Uint8Array) return { [BYTES]: value.toBase64() };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, toJson(item)]);
  const record = Object.fromEntries(entries);
  return Object.keys(record).some((key) => key.startsWith('$')) ? { [RECORD]: entries } : record;
}

function fromJson(value: unknown, depth: number): unknown {
  if (depth > 4 * MAX_MESSAGE_DEPTH) throw bad('nested too deep');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => fromJson(item, depth + 1));
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0]!.startsWith('$')) return special(keys[0]!, Object.values(value)[0], depth);
  return recordOf(Object.entries(value), depth);
}

function special(key: string, value: unknown, depth: number): unknown {
  if (key === UNDEFINED) return undefined;
  if (key === BYTES && typeof value === 'string') return Uint8Array.fromBase64(value);
  if (key === '$number') return Number(value);
  if (key === RECORD && Array.isArray(value) && value.every(isEntry)) return recordOf(value, depth);
  throw bad(`unknown mark '${key}'`);
}

function recordOf(entries: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> {
  return Object.fromEntries(
    entries.filter(([key]) => key !== '__proto__').map(([key, item]) => [key, fromJson(item, depth + 1)]),
  );
}

function isEntry(value: unknown): value is [string, unknown] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}

function tooLarge(what: string): ViverError {
  return new ViverError('CLUSTER_TOO_LARGE', `${what}: larger than ${MAX_MESSAGE_BYTES} bytes`);
}

function bad(why: string): ViverError {
  return new ViverError('CLUSTER_BAD_DATA', `a member's message is no data: ${why}`);
}
