// What a member says of itself: name, address, labels, offers, the events it listens to, and under which life. Checked when it comes from outside. Pure.

import { ViverError } from '../errors.ts';
import type { Labels, Member, Offer } from './cluster.ts';
import { withPort } from './mesh/addresses.ts';

export const MAX_LABELS = 32;
export const MAX_LABEL_LENGTH = 256;
export const MAX_OFFERS = 128;
export const MAX_LISTENED = 256;
const MAX_NAME_LENGTH = 64;
/** A member takes up to a new life each time that others had lost it: so many that no room comes there. */
const MAX_LIFE = 1_000_000;

export interface InterfaceName {
  readonly name: string;
  readonly version: number;
}

export interface Description {
  readonly name: string;
  readonly address: string;
  readonly since: number;
  readonly labels: Labels;
  readonly offers: readonly Offer[];
  readonly listens: readonly InterfaceName[];
  /** Goes up when others counted this member as lost and it is there again: to them it is a new one. */
  readonly life: number;
}

/** The member as others see it; `base` is the same for one start of the machine. */
export function memberOf(base: string, { name, address, since, labels, offers, life }: Description): Member {
  return { id: life === 0 ? base : `${base}.${life}`, name, address, since, labels, offers };
}

/** A clean copy of what came from outside; undefined when anything in it is not as it must be. */
export function readDescription(value: unknown): Description | undefined {
  try {
    const { name, address, since, labels, offers, listens, life } = record(value);
    const host = withPort(text(address, 15), 1)?.replace(/:1$/, '');
    return {
      name: text(name, MAX_NAME_LENGTH),
      address: host ?? refuse(),
      since: number(since, -8.64e15, 8.64e15),
      labels: readLabels(labels),
      offers: list(offers, MAX_OFFERS).map(readOffer),
      listens: list(listens, MAX_LISTENED).map(readInterface),
      life: whole(life, 0, MAX_LIFE),
    };
  } catch {
    return undefined;
  }
}

/** The same rules for what this machine says of itself. @throws ViverError CLUSTER_BAD_DESCRIPTION */
export function checkDescription(description: Description): Description {
  const clean = readDescription(JSON.parse(JSON.stringify(description)));
  if (clean) return clean;
  throw new ViverError(
    'CLUSTER_BAD_DESCRIPTION',
    `what ${description.name} says of itself is too much, or no short texts`,
  );
}

function readLabels(value: unknown): Labels {
  const entries = Object.entries(record(value));
  if (entries.length > MAX_LABELS) refuse();
  return Object.fromEntries(
    entries.map(([key, label]) => [text(key, MAX_LABEL_LENGTH), text(label, MAX_LABEL_LENGTH)]),
  );
}

function readOffer(value: unknown): Offer {
  const { labels, load } = record(value);
  const offer = { ...readInterface(value), labels: readLabels(labels) };
  return load === undefined ? offer : { ...offer, load: number(load, -1e9, 1e9) };
}

function readInterface(value: unknown): InterfaceName {
  const { name, version } = record(value);
  return { name: text(name, MAX_NAME_LENGTH), version: whole(version, 0, 1e9) };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse();
}

function list(value: unknown, limit: number): unknown[] {
  return Array.isArray(value) && value.length <= limit ? value : refuse();
}

function text(value: unknown, limit: number): string {
  return typeof value === 'string' && value.length <= limit ? value : refuse();
}

function number(value: unknown, least: number, most: number): number {
  return typeof value === 'number' && value >= least && value <= most ? value : refuse();
}

function whole(value: unknown, least: number, most: number): number {
  return Number.isInteger(value) ? number(value, least, most) : refuse();
}

function refuse(): never {
  throw new RangeError('not a description');
}
