// Interfaces: what a rune promises, declared apart from whoever keeps the promise. A call is a request and a reply, both plain data with a
// schema that gives the TypeScript type and is checked at run time on both ends. Events are told to everyone who asked for them. Pure.
// zod is imported as `zod/mini` or `zod/v4/core` in this room: same checks, smaller; never on the thread that serves the kernel (docs/runes.md tells where runes run).

import { type $ZodType, type input, type output, safeParse } from 'zod/v4/core';
import type { Member } from '../../cluster/cluster.ts';
import { ViverError } from '../../errors.ts';
import { NAME_PATTERN } from '../roles/role-names.ts';
import { asPlainData } from './plain-data.ts';

/** One call of an interface. `timeoutMs` overrides the host's limit for calls that are known to take longer. */
export interface CallShape {
  readonly request: $ZodType;
  readonly reply: $ZodType;
  readonly timeoutMs?: number;
  /** May be asked twice without harm: across the room it is tried again, elsewhere where it can be. */
  readonly repeatable?: true;
}

export type Calls = Readonly<Record<string, CallShape>>;
export type Events = Readonly<Record<string, $ZodType>>;

/** A promise by name and version; two ends agree only when both are equal. */
export interface Interface<C extends Calls = Calls, E extends Events = Events> {
  readonly name: string;
  readonly version: number;
  /** `room`: other machines find its offers and hear its events. Left out: it is this machine's alone. */
  readonly reach?: 'room';
  readonly calls: C;
  readonly events: E;
}

// biome-ignore lint/suspicious/noExplicitAny: the bound of a type parameter; concrete interfaces keep their own types.
export type AnyInterface = Interface<any, any>;

/** What the asking side sees: one function per call. */
export type Client<I extends AnyInterface> = {
  readonly [K in keyof I['calls']]: (
    request: input<I['calls'][K]['request']>,
  ) => Promise<output<I['calls'][K]['reply']>>;
};

/** What the offering side writes: one function per call. `from` is the machine that asks by way of the room; undefined for a rune that needs it here. */
export type Handlers<I extends AnyInterface> = {
  readonly [K in keyof I['calls']]: (
    request: output<I['calls'][K]['request']>,
    from?: Member,
  ) => input<I['calls'][K]['reply']> | Promise<input<I['calls'][K]['reply']>>;
};

/**
 * Declares an interface.
 * @throws ViverError RUNES_BAD_NAME, RUNES_BAD_VERSION, RUNES_BAD_SCHEMA.
 */
export function defineInterface<const C extends Calls, const E extends Events = Record<never, never>>(definition: {
  readonly name: string;
  readonly version: number;
  readonly reach?: 'room';
  readonly calls: C;
  readonly events?: E;
}): Interface<C, E> {
  assertNamed('interface', definition);
  assertSchemas(definition.name, definition.calls, definition.events ?? {});
  if (definition.reach !== undefined && definition.reach !== 'room') {
    throw new ViverError('RUNES_BAD_RUNE', `interface ${definition.name}: reach '${definition.reach}' is not 'room'`);
  }
  return Object.freeze({ ...definition, events: definition.events ?? ({} as E) });
}

/** What TypeScript cannot check when the file is JavaScript. @throws ViverError RUNES_BAD_SCHEMA */
function assertSchemas(name: string, calls: Calls, events: Events): void {
  const schemas = [
    ...Object.entries(calls).flatMap(([call, shape]) => [
      [`call ${call}: request`, shape?.request] as const,
      [`call ${call}: reply`, shape?.reply] as const,
    ]),
    ...Object.entries(events).map(([event, schema]) => [`event ${event}`, schema] as const),
  ];
  const wrong = schemas.find(([, schema]) => !isSchema(schema));
  if (wrong) throw new ViverError('RUNES_BAD_SCHEMA', `interface ${name}: ${wrong[0]} is no schema such as z.object`);
}

/** True for every schema of zod 4, whichever of its packages made it. */
export function isSchema(value: unknown): value is $ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value;
}

/** Checks the name and version that runes and interfaces share. */
export function assertNamed(what: string, thing: { readonly name: string; readonly version: number }): void {
  if (typeof thing.name !== 'string' || !NAME_PATTERN.test(thing.name)) {
    throw new ViverError('RUNES_BAD_NAME', `${what} name '${thing.name}' is not lower-case words joined by '-'`);
  }
  if (!Number.isInteger(thing.version) || thing.version < 1) {
    throw new ViverError('RUNES_BAD_VERSION', `${what} ${thing.name}: version '${thing.version}' is not 1, 2, 3 ...`);
  }
}

/**
 * Checks one message against its schema and returns it as frozen plain data.
 * @param what For the error: `dhcp asks address-keeper.offer: request`.
 * @throws ViverError RUNES_BAD_MESSAGE with the path of the first wrong field, RUNES_NOT_PLAIN, RUNES_TOO_LARGE.
 */
export function checkMessage<S extends $ZodType>(schema: S, value: unknown, what: string): output<S> {
  const result = safeParse(schema, asPlainData(value, what));
  if (result.success) return asPlainData(result.data, what) as output<S>;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') || 'the message';
  throw new ViverError('RUNES_BAD_MESSAGE', `${what}: ${path}: ${issue?.message ?? 'does not fit its schema'}`);
}
