// `viver runes` as an administrator runs it on the desk, with foreign runes loaded for real: the good and the bad.

import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openControlSocket } from '../../src/control/control-socket.ts';

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
    timeout: 100_000,
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
    'bad/etc/RUNES/machines': '52:54:00:00:00:07 lab-07 role=lab3\n52:54:00:00:00 lab-08\n',
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
    new RegExp(`^${folder}/loop.ts: .*no answer within 20000 ms`),
    new RegExp(`^${folder}/exits.ts: .*status 3`),
    new RegExp(`^${folder}/plain.ts.* has no default export$`),
    new RegExp(`^${folder}/schema.ts:3: rune schema: settings is no schema`),
    new RegExp(`^${folder}/Bad Name.ts: 'Bad Name' can be no rune's name`),
    /^bad\/etc\/RUNES\/machines:2: '52:54:00:00:00' is no MAC address/,
    /^machine lab-07: no role table has lab3$/,
    /^bad\/etc\/RUNES\/roles:1: rune absent: no built-in rune and no file of that name$/,
  ];
  for (const line of expected) {
    expect(
      lines.filter((found) => line.test(found)),
      `${line} in ${lines.join('\n')}`,
    ).toHaveLength(1);
  }
  expect(lines).toHaveLength(expected.length + 1);
  expect(lines.at(-1)).toMatch(/: 13 faults$/);
  expect(status).toBe(1);
});

describe('run', () => {
  const printers = `import { defineRune, z } from 'viver';
export default defineRune({ name: 'printers', version: 1, stage: 'configure', offers: [], needs: [],
  settings: z.object({ server: z._default(z.string(), 'printers.school.test') }),
  async start({ files, settings, facts, log }) {
    await files.writeText('/etc/cups/client.conf', \`ServerName \${settings.server}\\n\`);
    await files.remove('/etc/old');
    await files.symlink('/dev/null', '/etc/systemd/system/cups.service');
    log.info(\`for \${facts.bootNic?.hostName}\`);
  },
});
`;
  beforeAll(() =>
    plant({
      'tree/etc/cups/client.conf': 'ServerName old\n',
      'tree/etc/old': 'x\n',
      'tree/etc/RUNES/roles': 'bells: bell-ringer bell-keeper\n',
      'tree/etc/RUNES/runes/bell-keeper.ts': rune('bell-keeper', "stage: 'serve', offers: [bell],").replace(
        'async start() {}',
        'async start({ offer }) { offer(bell, { ring: () => ({}) }); }',
      ),
      'tree/etc/RUNES/runes/bell-ringer.ts': rune('bell-ringer', "stage: 'serve', needs: [bell],").replace(
        'async start() {}',
        "async start({ ask, log }) { await ask(bell).ring({}); log.info('it rang'); }",
      ),
      'printers.ts': printers,
      'throws.ts': rune('throws').replace('async start() {}', "async start() {\n    throw new Error('no ink');\n  }"),
    }),
  );
  const tree = (path: string) => readFile(join(place, path), 'utf8').catch(() => undefined);

  test('a single file: what it says, what it changes, and nothing on the disk', async () => {
    const { status, lines } = viver('run', 'printers.ts', '--root', 'tree', '--fact', 'bootNic.hostName=lab-07');
    expect(status).toBe(0);
    for (const line of [
      '  bootNic.hostName=lab-07',
      '  printers: for lab-07',
      'changed /etc/cups/client.conf',
      '-ServerName old',
      '+ServerName printers.school.test',
      'removed /etc/old',
      'new /etc/systemd/system/cups.service -> /dev/null',
    ])
      expect(lines).toContain(line);
    expect(lines.find((line) => line.startsWith('  rune printers started in'))).toContain('; changed /etc/cups/');
    expect(await tree('tree/etc/cups/client.conf')).toBe('ServerName old\n');
  });

  test('the changes as files elsewhere, and in place', async () => {
    viver('run', 'printers.ts', '--root', 'tree', '--output', 'out');
    expect(await tree('out/etc/cups/client.conf')).toBe('ServerName printers.school.test\n');
    expect(await readlink(join(place, 'out/etc/systemd/system/cups.service'))).toBe('/dev/null');
    expect(await tree('tree/etc/old')).toBe('x\n');
    viver('run', 'printers.ts', '--root', 'tree', '--in-place');
    expect(await tree('tree/etc/cups/client.conf')).toBe('ServerName printers.school.test\n');
    expect(await tree('tree/etc/old')).toBeUndefined();
  });

  test('a rune of the other stage: that is said', () => {
    const { status, lines } = viver('run', 'tree/etc/RUNES/runes/bell-keeper.ts', '--root', 'tree');
    expect(lines).toContain('  nothing of it is of this stage; --stage serve runs the other');
    expect(status).toBe(0);
  });

  test('a rune that throws: file, line, and status 1', () => {
    const { status, lines } = viver('run', 'throws.ts', '--root', 'tree');
    expect(lines.find((line) => line.includes('no ink'))).toMatch(/^ {2}error: rune throws is set aside: .*no ink/);
    expect(status).toBe(1);
  });

  test('stage serve: runs, answers, and ends by a signal', async () => {
    const child = spawn(VIVER, ['runes', 'run', 'bells', '--root', 'tree', '--stage', 'serve', '--debug'], {
      cwd: place,
    });
    let text = '';
    const ended = once(child, 'exit');
    for await (const chunk of child.stdout) {
      text += chunk;
      if (text.includes('Ctrl-C')) child.kill('SIGINT');
    }
    expect(await ended).toEqual([0, null]);
    expect(text).toContain('  bell-ringer asks bell.ring of bell-keeper: {} -> {}\n');
    expect(text).toContain('  bell-ringer: it rang\n');
  });

  test.each([
    [['one', 'two', '--root', 'tree'], 'viver: name one role, or rune files, or both\n'],
    [['node', '--root', 'tree', '--fact', 'nix=1'], "viver: there is no fact 'nix'; there are role, "],
    [['node', '--root', 'nowhere'], 'viver: there is no directory nowhere\n'],
  ])('%j is refused', (words, line) => {
    const { status, stderr } = viver('run', ...words);
    expect(stderr).toContain(line);
    expect(status).toBe(1);
  });
});

describe('settings', () => {
  const set = `import { defineRune, z } from 'viver';
export default defineRune({ name: 'set', version: 1, stage: 'configure', offers: [], needs: [],
  settings: z.object({ port: z._default(z.int(), 80), host: z.optional(z.string()) }),
  async start({ settings, log }) { log.info(\`port \${settings.port}\`); } });
`;
  beforeAll(() =>
    plant({
      'set/etc/RUNES/roles': 'lab: set tftp\n',
      'set/etc/RUNES/runes/set.ts': set,
      'set/etc/RUNES/settings': 'set port=8080 host=a\n',
      'unset/RUNES/settings': '# ours\nset host=b\ntftp port=many\nset colour=red\nsett port=1\n',
    }),
  );

  test('are shown with the place they come from, and reach the rune', () => {
    const { lines } = viver('explain', 'lab', '--root', 'set');
    expect(lines).toContain('  set   port=8080  set/etc/RUNES/settings:1');
    expect(lines).toContain('        host="a"   set/etc/RUNES/settings:1');
    expect(lines).toContain('  tftp  port=69    default');
    expect(viver('run', 'lab', '--root', 'set').lines).toContain('  set: port 8080');
  });

  test('that do not fit are named with file and line', () => {
    const { lines, status } = viver('check', 'lab', '--root', 'set', '--medium', 'unset');
    expect(lines.slice(0, -1)).toEqual([
      'note: unset/RUNES/settings:5: settings of sett, and there is no such rune',
      'unset/RUNES/settings:4: rune set has no setting colour',
      expect.stringMatching(/^unset\/RUNES\/settings:3: settings of tftp: port: /),
    ]);
    expect(status).toBe(1);
  });
});

test('on a booted machine: what its process says, and what it read at its start', async () => {
  const socket = join(place, 'control');
  const folders = [
    {
      roles: { path: 'medium:/RUNES/roles', text: 'lab: printers bell -x\n' },
      runes: [{ path: 'medium:/RUNES/runes/printers.ts', text: rune('printers', "summary: 'ours',") }],
    },
  ];
  const configured = {
    started: [{ rune: 'printers', milliseconds: 9, changed: ['/etc/a'] }],
    setAside: [],
    faults: [],
  };
  const server = await openControlSocket(socket, {
    status: () => Promise.reject(new Error('not asked')),
    runes: async () => ({ role: 'lab', folders, configured }),
  });
  const ask = (...words: string[]) =>
    promisify(execFile)(VIVER, ['runes', ...words, '--socket', socket]).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout as string,
    );
  expect(await ask('list')).toContain(
    'printers  configure  done   medium:/RUNES/runes/printers.ts  9 ms; changed /etc/a',
  );
  expect(await ask('list', '--role', 'lab')).toContain('ours');
  expect(await ask('explain')).toContain('role lab\n');
  expect(await ask('check')).toContain('medium:/RUNES/roles:1: rune bell: no built-in rune and no file of that name\n');
  server.close();
});

test('a place that is none', () => {
  expect(viver('list', '--root', 'nowhere')).toMatchObject({
    status: 1,
    stderr: 'viver: there is no directory nowhere\n',
  });
});
