// `viver runes` as an administrator runs it on the desk, with foreign runes loaded for real: the good and the bad.

import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const VIVER = join(import.meta.dirname, '../../bin/viver');

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'viver-runes-'));
});
afterAll(() => rm(place, { recursive: true }));

async function plant(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(place, path)), { recursive: true });
    await writeFile(join(place, path), text);
  }
}

function viver(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(VIVER, ['runes', ...words], {
    cwd: place,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, lines: stdout.split('\n').filter(Boolean), stderr };
}

const rune = (name: string, more = '') => `import { defineInterface, defineRune, z } from 'viver';
const bell = defineInterface({ name: 'bell', version: 1, calls: { ring: { request: z.object({}), reply: z.object({}) } } });
export default defineRune({ name: '${name}', version: 1, stage: 'configure', offers: [], needs: [], ${more}
  async start() {},
});
`;

describe('a room that is right', () => {
  beforeAll(() =>
    plant({
      'good/etc/RUNES/roles': 'lab: @node printers clock\n',
      'good/etc/RUNES/runes/printers.ts': rune('printers', "after: ['network'], summary: 'our printers',"),
      'good/etc/RUNES/runes/clock.js': rune('clock', "stage: 'serve', offers: [bell],"),
      'stick/RUNES/roles': 'lab: @lab -fstab\n',
      'stick/RUNES/runes/printers.ts': rune('printers', "after: ['network'], summary: 'the stick has others',"),
    }),
  );
  const places = ['--root', 'good', '--medium', 'stick'];

  test('has no fault', () => {
    const { status, lines } = viver('check', ...places);
    expect(lines.at(-1)).toMatch(/^4 roles, \d+ runes: no fault$/);
    expect(status).toBe(0);
  });

  test('is listed, the medium first', () => {
    const { lines } = viver('list', '--role', 'lab', ...places);
    expect(lines.find((line) => line.startsWith('printers '))).toContain('the stick has others');
    expect(lines.some((line) => line.startsWith('fstab '))).toBe(false);
    const { stdout } = spawnSync(VIVER, ['runes', 'list', '--json', '--root', join(place, 'good')], {
      encoding: 'utf8',
    });
    expect(JSON.parse(stdout)).toContainEqual({
      rune: 'printers',
      version: 1,
      stage: 'configure',
      origin: join(place, 'good/etc/RUNES/runes/printers.ts'),
      roles: ['lab'],
      summary: 'our printers',
    });
  });

  test('is explained', () => {
    const { lines } = viver('explain', 'lab', ...places);
    expect(lines).toContain('  fstab  -fstab in lab (stick/RUNES/roles:1)');
    expect(lines).toContain('  printers  stick/RUNES/runes/printers.ts in place of good/etc/RUNES/runes/printers.ts');
    expect(lines.find((line) => /^ +2 +printers/.test(line))).toMatch(/after network$/);
  });
});

test('every fault is one line with file and line, and the status is 1', async () => {
  await plant({
    'bad/etc/RUNES/roles': 'lab: @node syntax imports throws other loop exits plain schema absent\nlab2 x\n',
    'bad/etc/RUNES/runes/syntax.ts': 'export default {\n  name: 1 2,\n};\n',
    'bad/etc/RUNES/runes/imports.ts': "import { z } from 'viver';\nimport lodash from 'lodash';\n",
    'bad/etc/RUNES/runes/throws.js': "\n\nthrow new Error('no fuse');\n",
    'bad/etc/RUNES/runes/other.ts': rune('another'),
    'bad/etc/RUNES/runes/loop.ts': 'for (;;);\n',
    'bad/etc/RUNES/runes/exits.ts': 'process.exit(3);\n',
    'bad/etc/RUNES/runes/plain.ts': 'export const rune = 1;\n',
    'bad/etc/RUNES/runes/schema.ts': rune('schema', 'settings: { port: 80 } as never,'),
    'bad/etc/RUNES/runes/Bad Name.ts': rune('bad'),
  });
  const { status, lines } = viver('check', '--root', 'bad');
  const folder = 'bad/etc/RUNES/runes';
  const expected = [
    /^bad\/etc\/RUNES\/roles:2: no ':'/,
    new RegExp(`^${folder}/syntax.ts:2: Expected ','`),
    new RegExp(`^${folder}/imports.ts:2: imports 'lodash'`),
    new RegExp(`^${folder}/throws.js:3: no fuse$`),
    new RegExp(`^${folder}/other.ts.* holds a rune named another$`),
    new RegExp(`^${folder}/loop.ts: .*no answer within 10000 ms`),
    new RegExp(`^${folder}/exits.ts: .*status 3`),
    new RegExp(`^${folder}/plain.ts.* has no default export$`),
    new RegExp(`^${folder}/schema.ts:3: rune schema: settings is no schema`),
    new RegExp(`^${folder}/Bad Name.ts: 'Bad Name' can be no rune's name`),
    /^bad\/etc\/RUNES\/roles:1: rune absent: no built-in rune and no file of that name$/,
  ];
  for (const line of expected) expect(lines.filter((found) => line.test(found))).toHaveLength(1);
  expect(lines).toHaveLength(expected.length + 1);
  expect(lines.at(-1)).toMatch(/: 11 faults$/);
  expect(status).toBe(1);
});

test('a place that is none', () => {
  expect(viver('list', '--root', 'nowhere')).toMatchObject({
    status: 1,
    stderr: 'viver: there is no directory nowhere\n',
  });
});
