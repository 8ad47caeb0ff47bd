import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RuneManifest } from '../contract/manifest.ts';
import type { RuneFile } from '../host/options.ts';
import { mergedRoles } from '../roles/merged-roles.ts';
import { checkRoles, formatCheck } from './check.ts';
import { readDeskFolders } from './desk-folders.ts';
import { formatExplanation } from './explain.ts';
import { formatList, listRole, listRunes } from './list.ts';
import type { KnownRunes } from './manifests.ts';
import { surveyRole } from './survey.ts';

function manifest(name: string, more: Partial<RuneManifest> = {}): RuneManifest {
  const stage = 'serve' as const;
  return {
    name,
    version: 1,
    stage,
    summary: `${name}!`,
    origin: 'built-in',
    offers: [],
    needs: [],
    after: [],
    ...more,
  };
}

function known(manifests: RuneManifest[], more: Partial<KnownRunes> = {}): KnownRunes {
  return {
    manifests: new Map(manifests.map((item) => [item.name, item])),
    settings: new Map(),
    faults: [],
    overridden: new Map(),
    ...more,
  };
}

const roles = (...texts: string[]) =>
  mergedRoles(texts.map((text, index) => ({ roles: { path: `table${index}`, text } })));
const id = (name: string, version = 1) => ({ name, version });

describe('a role', () => {
  const lamps = known(
    [
      manifest('lamp', { offers: [{ ...id('light'), reach: 'room' }], seeks: [id('meter')] }),
      manifest('switch', { needs: [id('light'), id('field')], after: ['dimmer'], origin: 'medium:switch.ts' }),
      manifest('dimmer'),
      manifest('paint', { stage: 'configure' }),
    ],
    {
      overridden: new Map([['switch', ['image:switch.ts', 'built in']]]),
      settings: new Map([
        [
          'switch',
          [
            { key: 'wall', value: 'north', at: 'stick/settings:3' },
            { key: 'volts', value: 230 },
          ],
        ],
      ]),
    },
  );
  const tables = roles('room: switch lamp paint old', 'room: @room dimmer -old');

  test('is explained: words, order, needs, what is dropped and overridden', () => {
    const page = formatExplanation(surveyRole('room', tables, lamps));
    expect(page).toContain(`  room (table1:1) takes its older self: room (table0:1):\n    switch lamp paint\n`);
    expect(page).toContain(`  room (table1:1):\n    dimmer\n`);
    expect(page).toContain('  old  -old in room (table1:1)\n');
    expect(page).toContain('  switch  medium:switch.ts in place of image:switch.ts, built in\n');
    expect(page).toContain('  switch  wall="north"  stick/settings:3\n          volts=230     default\n');
    expect(page).toContain('  1  paint\n');
    expect(page).toContain('  2  switch  needs light v1 of lamp, field v1 of the host; after dimmer\n');
    expect(page).toContain('  1  lamp    offers light v1 to the room; seeks meter v1 in the room\n');
    expect(page).not.toContain('faulty');
  });

  test('is listed in the order of its start', () => {
    expect(listRole('room', tables, lamps).map(({ rune }) => rune)).toEqual(['paint', 'lamp', 'dimmer', 'switch']);
    const text = formatList(listRunes(tables, lamps));
    expect(text.split('\n')[0]).toMatch(/^RUNE +STAGE +ROLES +FROM +WHAT IT DOES$/);
    expect(text).toMatch(/\nswitch +serve +room +medium:switch.ts +switch!\n/);
  });
});

describe('faults are lines that begin with the place to mend', () => {
  const check = (text: string, ...manifests: RuneManifest[]) => checkRoles(['r'], roles(text), known(manifests)).faults;

  test.each([
    ['no such rune', 'r: absent', [], 'table0:1: rune absent: no built-in rune and no file of that name'],
    ['no such role', 'q: a', [], 'no role table has r'],
    ['no such role to take over', '\nr: @q', [], 'table0:2: role r takes over @q, which no role table has'],
    ['a circle of roles', 'r: @q\nq: @r', [], 'table0:2: role r takes itself over: r -> q -> r'],
    ['a bad line', 'r a', [], "table0:1: no ':' behind the role's name: 'r a'"],
    [
      'a missing need',
      'r: a',
      [manifest('a', { needs: [id('x')], origin: 'image:a.ts' })],
      'image:a.ts: rune a needs x v1: no rune of this role offers it',
    ],
    [
      'another version',
      'r: a b',
      [manifest('a', { needs: [id('x', 2)] }), manifest('b', { offers: [id('x')] })],
      'table0:1: rune a needs x v2: only x v1 is offered',
    ],
    [
      'two offers',
      'r: a b',
      [manifest('a', { offers: [id('x')] }), manifest('b', { offers: [id('x')] })],
      'table0:1: rune b offers x v1, which a offers already',
    ],
    [
      'a circle of needs',
      'r: a b',
      [manifest('a', { after: ['b'] }), manifest('b', { after: ['a'] })],
      'table0:1: rune a waits for itself: a -> b -> a',
    ],
  ])('%s', (_name, text, manifests, line) => {
    expect(check(text, ...manifests)).toContain(line);
  });

  test('settings for nobody are a note', () => {
    const places = { a: { x: 'table:1' }, b: { y: 'table:2' } };
    expect(checkRoles(['r'], roles('r: a'), known([manifest('a')]), { places }).notes).toEqual([
      'table:2: settings of b, and there is no such rune',
    ]);
  });

  test('what may not be meant is a note', () => {
    const unnamed = manifest('b', { origin: 'image:b.ts' });
    const result = checkRoles([], roles('r: a -c'), known([manifest('a'), unnamed]));
    expect(result.notes).toEqual([
      'table0:1: role r: -c drops nothing: no c stands before it',
      'image:b.ts: no role names b',
    ]);
    expect(formatCheck(result)).toMatch(/^note: table0:1: .*\n/);
  });
});

describe('folders on the desk', () => {
  let place: string;
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'viver-survey-'));
  });
  afterEach(() => rm(place, { recursive: true }));

  const plant = async (path: string, text: string) => {
    await mkdir(dirname(join(place, path)), { recursive: true });
    await writeFile(join(place, path), text);
  };

  test('are read in order, by the paths of the desk; tests and types beside a rune are no runes', async () => {
    await plant('tree/etc/RUNES/roles', 'a: b\n');
    await plant('tree/etc/RUNES/runes/b.ts', '1');
    await plant('tree/etc/RUNES/runes/b.test.ts', '2');
    await plant('tree/etc/RUNES/runes/viver.d.ts', '3');
    await plant('stick/RUNES/runes/b.js', '4');
    const folders = await readDeskFolders({ root: `${place}/tree/`, medium: `${place}/stick` });
    expect(folders).toEqual([
      {
        roles: { path: `${place}/tree/etc/RUNES/roles`, text: 'a: b\n' },
        runes: [{ path: `${place}/tree/etc/RUNES/runes/b.ts`, text: '1' }],
      },
      { runes: [{ path: `${place}/stick/RUNES/runes/b.js`, text: '4' }] } satisfies { runes: RuneFile[] },
    ]);
  });

  test('must be there', async () => {
    await expect(readDeskFolders({ root: join(place, 'none') })).rejects.toMatchObject({ code: 'RUNES_NO_DIRECTORY' });
  });
});
