// Plain data: what may cross from rune to rune. JSON's values, undefined fields and byte arrays; never functions, class instances, cycles.
// The same rule holds in one thread and between threads, so that a rune that works in a test works behind a message port. Pure.

import { ViverError } from '../../errors.ts';

/** A message with its byte arrays and texts; larger things are files or the field's business, not messages. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
export const MAX_MESSAGE_DEPTH = 32;

const VALUE_BYTES = 8;

/**
 * A frozen copy of `value`.
 * @throws ViverError RUNES_NOT_PLAIN naming the field, RUNES_TOO_LARGE.
 */
export function asPlainData(value: unknown, what: string): unknown {
  const budget = { left: MAX_MESSAGE_BYTES };
  return copy(value, what, '', 0, budget);
}

function copy(value: unknown, what: string, path: string, depth: number, budget: { left: number }): unknown {
  spend(budget, VALUE_BYTES, what);
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'string') {
    spend(budget, value.length * 2, what);
    return value;
  }
  if (value instanceof Uint8Array) {
    spend(budget, value.length, what);
    return value.slice();
  }
  if (depth >= MAX_MESSAGE_DEPTH) {
    throw new ViverError('RUNES_NOT_PLAIN', `${what}: ${path} is nested more than ${MAX_MESSAGE_DEPTH} deep`);
  }
  if (Array.isArray(value)) {
    spend(budget, value.length, what); // before it is gone through: a list can have four thousand million holes
    return Object.freeze(value.map((item, index) => copy(item, what, `${path}[${index}]`, depth + 1, budget)));
  }
  if (!isRecord(value)) {
    throw new ViverError('RUNES_NOT_PLAIN', `${what}: ${path || 'the message'} is ${describe(value)}, not plain data`);
  }
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    spend(budget, key.length * 2, what);
    define(result, key, copy(item, what, path ? `${path}.${key}` : key, depth + 1, budget));
  }
  return Object.freeze(result);
}

/** Assignment to `__proto__` would set the prototype of the copy; a message from outside must not be able to. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
}

function spend(budget: { left: number }, bytes: number, what: string): void {
  budget.left -= bytes;
  if (budget.left < 0) throw new ViverError('RUNES_TOO_LARGE', `${what}: larger than ${MAX_MESSAGE_BYTES} bytes`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // A record of another realm (vitest, vm) has that realm's Object.prototype: recognised by having no parent itself.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  return typeof value === 'object' ? `a ${value?.constructor?.name ?? 'strange object'}` : `a ${typeof value}`;
}
