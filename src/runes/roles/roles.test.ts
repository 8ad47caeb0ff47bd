import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseRole } from './choose-role.ts';
import { formatRoles, MAX_ROLES_BYTES, parseRoles, type RoleLine } from './parse-roles.ts';
import { DEFAULT_ROLES, mergeRoles, resolveRole } from './role-table.ts';

const table = (text: string, base: typeof DEFAULT_ROLES = new Map()) => mergeRoles(base, parseRoles(text));
const resolve = (text: string, role: string) => resolveRole(table(text), role);

describe('parsing', () => {
  test('roles, comments, takeovers, omissions', () => {
    const { lines, faults } = parseRoles('# all\nweb: @base nginx -fstab # the farm\n\n  idle :\n');
    expect(faults).toEqual([]);
    expect(lines).toEqual([
      {
        role: 'web',
        line: 2,
        entries: [
          { kind: 'role', name: 'base' },
          { kind: 'rune', name: 'nginx' },
          { kind: 'without', name: 'fstab' },
        ],
      },
      { role: 'idle', line: 4, entries: [] },
    ]);
  });

  test.each([
    ['web nginx', "no ':' behind the role's name: 'web nginx'"],
    ['Web: nginx', "'Web' is no role name (lower-case words joined by '-')"],
    ['web: ngi/nx', "role web: 'ngi/nx' is no rune, @role or -rune"],
    ['web: @', "role web: '@' is no rune, @role or -rune"],
    ['ok: a\nok: b', 'role ok is there twice'],
  ])('%j is named with its line', (text, message) => {
    const { faults } = parseRoles(`# head\n${text}\n`);
    expect(faults).toEqual([{ line: text.includes('\n') ? 3 : 2, message }]);
  });

  test('what is far too long is not read', () => {
    expect(parseRoles('#'.repeat(MAX_ROLES_BYTES + 1)).faults).toHaveLength(1);
  });

  test('format and parse are inverse; no text throws', () => {
    const word = fc.constantFrom('a', 'web', 'x1', 'printers');
    const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('-'));
    const entry = fc.record({ kind: fc.constantFrom('rune', 'without', 'role'), name });
    const line = fc.record({ role: name, entries: fc.array(entry, { maxLength: 5 }) });
    const lines = fc.uniqueArray(line, { selector: ({ role }) => role, maxLength: 6 });
    fc.assert(
      fc.property(lines, (raw) => {
        const numbered = raw.map((item, index): RoleLine => ({ ...(item as Omit<RoleLine, 'line'>), line: index + 1 }));
        expect(parseRoles(formatRoles(numbered))).toEqual({ lines: numbered, faults: [] });
      }),
    );
    const text = fc.string({ unit: fc.constantFrom('a', ':', '@', '-', '#', '\n', ' ', '\0', '\ud800') });
    fc.assert(fc.property(text, (any) => void parseRoles(any)));
  });
});

describe('choosing', () => {
  const wishes = (line?: string, list?: string) => [
    { from: 'viver.role=', role: line },
    { from: 'the list', role: list },
  ];

  test.each([
    [undefined, undefined, 'node', []],
    ['first', 'base', 'first', []],
    [undefined, 'base', 'base', []],
    ['labb', 'base', 'base', ['no role table has labb, as viver.role= says: this is base']],
    ['labb', undefined, 'node', ['no role table has labb, as viver.role= says: this is node']],
    [undefined, 'lba', 'node', ['no role table has lba, as the list says: this is node']],
  ])('command line %s, list %s: %s', (line, list, role, faults) => {
    expect(chooseRole(wishes(line, list), 'node', DEFAULT_ROLES)).toEqual({ role, faults });
  });
});

describe('resolving', () => {
  test('takeovers in order, each rune once, omissions where they stand', () => {
    expect(resolve('base: a b\nweb: @base c a -b', 'web').runes).toEqual(['a', 'c']);
    expect(resolve('base: a b\nweb: -b @base', 'web').runes).toEqual(['a', 'b']);
  });

  test('unknown roles and circles are faults', () => {
    expect(resolve('a: x', 'b').faults.map(({ message }) => message)).toEqual(['no role table has b']);
    expect(resolve('a: x @b', 'a')).toMatchObject({
      runes: ['x'],
      faults: [{ at: 'roles:1', message: 'role a takes over @b, which no role table has' }],
    });
    expect(resolve('a: x @b\nb: y @a', 'a').faults.map(({ message }) => message)).toEqual([
      'role a takes itself over: a -> b -> a',
    ]);
  });

  test('a later table replaces a role, its own name being the older one', () => {
    const medium = table('first: @first printers -dhcp', DEFAULT_ROLES);
    expect(resolveRole(medium, 'first').runes).toEqual([
      ...resolveRole(DEFAULT_ROLES, 'first').runes.filter((rune) => rune !== 'dhcp'),
      'printers',
    ]);
    expect(resolveRole(table('node: only', DEFAULT_ROLES), 'node').runes).toEqual(['only']);
  });

  test('each rune knows the words that put it there, each omission whether it omits something', () => {
    const { reasons, dropped } = resolveRole(
      table('lab: @lab @node printers -fstab -fstba', table('lab: scanner', DEFAULT_ROLES)),
      'lab',
    );
    expect(reasons.get('scanner')).toEqual({ role: 'lab', at: 'roles:1', through: { role: 'lab', at: 'roles:1' } });
    expect(reasons.get('network')).toEqual({
      role: 'lab',
      at: 'roles:1',
      through: { role: 'node', at: 'built in', through: { role: 'base', at: 'built in' } },
    });
    expect(dropped).toEqual([
      { rune: 'fstab', role: 'lab', at: 'roles:1', wasThere: true },
      { rune: 'fstba', role: 'lab', at: 'roles:1', wasThere: false },
    ]);
  });

  test('a deep table is resolved in a moment', () => {
    const lines = Array.from({ length: 200 }, (_, index) => `r${index}: @r${index + 1} @r${index + 1} x${index}`);
    expect(resolve(`${lines.join('\n')}\nr200: end`, 'r0').runes).toHaveLength(201);
  });
});
