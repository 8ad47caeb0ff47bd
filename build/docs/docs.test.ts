// docs/runes.md and the code say the same.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { interfaceMembers } from './interface-members.ts';
import { BEGIN, END, runesReference, withReference } from './runes-reference.ts';
import { jsonSchemaOf, propertiesOf, typeText } from './schema-text.ts';

const page = readFileSync(new URL('../../docs/runes.md', import.meta.url), 'utf8');

test("the reference is the code's; run `make docs` when this fails", async () => {
  expect(page.split(BEGIN)).toHaveLength(2);
  expect(page.split(END)).toHaveLength(2);
  expect(await withReference(page)).toBe(page);
});

test('it has every built-in rune, and the settings with type, default and description', async () => {
  const reference = await runesReference();
  expect(reference).toMatch(/\n\| fstab \| configure \| /);
  expect(reference).toMatch(/\n\| `leaseSeconds` \| `integer > 0` \| `43200` \| /);
  expect(reference).toMatch(/\n\| `files: RootFiles` \| \S/);
});

test('every setting and every call of a built-in rune is described', async () => {
  const bare = (await runesReference()).split('\n').filter((line) => /^\| `.*` \| `.*\| {2}\|$/.test(line));
  expect(bare, 'add `.check(z.describe(…))` to the schema').toEqual([]);
});

test('members of an interface, over one line or several', () => {
  const source = `
export interface Thing<
  A extends B = { c: 1 },
> {
  readonly name: string;
  /** Tells \`x\`. */
  tell<K>(a: K, b?: number): void;
  /**
   * Longer: two
   * lines.
   */
  on(
    a: string,
    b: () => void,
  ): void;
}
`;
  expect(interfaceMembers(source, 'Thing')).toEqual([
    { name: 'name', declaration: 'name: string', description: '' },
    { name: 'tell', declaration: 'tell<K>(a: K, b?: number): void', description: 'Tells `x`.' },
    { name: 'on', declaration: 'on(a: string, b: () => void): void', description: 'Longer: two lines.' },
  ]);
  expect(() => interfaceMembers(source, 'Other')).toThrow('no interface Other');
});

test('schemas as text', () => {
  const schema = z.object({
    port: z._default(z.int().check(z.minimum(1), z.maximum(65535)), 69).check(z.describe('where')),
    kind: z.optional(z.enum(['a', 'b'])),
    list: z.array(z.object({ mac: z.string(), bytes: z.instanceof(Uint8Array) })),
    table: z.record(z.string(), z.number()),
  });
  expect(typeText(jsonSchemaOf(schema))).toBe(
    "{ port: integer 1–65535, kind?: 'a' \\| 'b', list: { mac: string, bytes: bytes }[], table: { [name]: number } }",
  );
  expect(propertiesOf(jsonSchemaOf(schema))[0]).toEqual({
    name: 'port',
    type: 'integer 1–65535',
    isRequired: false,
    default: 69,
    description: 'where',
  });
});
