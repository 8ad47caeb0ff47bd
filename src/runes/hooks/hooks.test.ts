// Hooks on the desk: the real script runner in a child's mount of nothing, real sh, real time limits. The root is this machine's own; the hooks lie in a folder
// of the test.

import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LinuxSys } from '../../sys/linux.ts';
import { hooks } from '../builtin/configure/hooks.ts';
import { createDirectoryFiles } from '../files/directory-files.ts';
import type { ChrootCommand } from '../files/shell-files.ts';
import { readRuneFolder } from '../roles/rune-folder.ts';
import { openConfiguredRoot } from '../testing/configured-root.ts';
import { keptLog, sampleFacts } from '../testing/room.ts';
import { factsEnvironment, formatEnvironmentFile } from './environment.ts';
import { hooksOf, MAX_HOOK_BYTES, readHooks } from './hook-files.ts';
import { createHookService, MAX_HOOK_LINES } from './hook-service.ts';
import { RUN_HOOK } from './run-hook.ts';

const sys = new LinuxSys();
/** Takes the place of `chroot ROOT`: the same program, in this root. */
const NO_CHROOT: ChrootCommand = ['env', '--chdir'];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viver-hooks-'));
  await mkdir(join(folder, 'run'));
});
afterEach(() => rm(folder, { recursive: true }));

async function plant(path: string, text: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
}

const mediumHooks = async () => ({
  runes: [],
  hooks: await readHooks(createDirectoryFiles(folder), 'medium', '/RUNES'),
});

async function service() {
  const kept = keptLog();
  const options = { sys, root: '/', chroot: NO_CHROOT, sharedRun: join(folder, 'run'), log: kept.log };
  return { ...createHookService({ ...options, folders: [await mediumHooks()] }), lines: kept.lines };
}

describe('the folder', () => {
  test('names that give an order; what is none is named', async () => {
    await plant('RUNES/hooks/configure/20-b.py', '#!/usr/bin/python3\r\nprint(1)\r\n');
    await plant('RUNES/hooks/configure/10-a', '#!/bin/sh\n');
    await plant('RUNES/hooks/configure/10-a~', '#!/bin/sh\n');
    await plant('RUNES/hooks/configure/README.txt', 'x');
    await plant('RUNES/hooks/serve/30-big', 'x'.repeat(MAX_HOOK_BYTES + 1));
    const { hooks: found } = await readRuneFolder(createDirectoryFiles(folder), 'medium', '/RUNES');
    expect(found?.hooks.map(({ name, text }) => [name, text])).toEqual([
      ['10-a', '#!/bin/sh\n'],
      ['20-b.py', '#!/usr/bin/python3\nprint(1)\n'],
    ]);
    expect(found?.faults).toEqual([
      'medium:/RUNES/hooks/configure/10-a~ is not run: a hook is named like 10-printers or 20-names.py',
      'medium:/RUNES/hooks/configure/README.txt is not run: a hook is named like 10-printers or 20-names.py',
      `medium:/RUNES/hooks/serve/30-big has more than ${MAX_HOOK_BYTES} bytes and is not run`,
    ]);
  });

  test('the medium wins, and an empty hook switches one of the image off', () => {
    const stage = 'configure' as const;
    const image = { faults: [], hooks: ['10-a', '20-b', '30-c'].map((name) => ({ stage, name, origin: 'image' })) };
    const own = [
      { stage, name: '20-b', origin: 'medium', text: '#!/bin/sh\n' },
      { stage, name: '30-c', origin: 'medium', text: '\n' },
    ];
    const order = hooksOf([{ hooks: image }, {}, { hooks: { hooks: own, faults: [] } }], 'configure');
    expect(order.map(({ name, origin }) => `${origin} ${name}`)).toEqual(['image 10-a', 'medium 20-b']);
  });
});

describe('running', () => {
  const environment = { VIVER_ROLE: 'lab', VIVER_MAC: '52:54:00:ab:cd:ef' };

  test('any language, facts in the environment, output line by line, its status', async () => {
    await plant('RUNES/hooks/configure/10-a', '#!/bin/sh\necho "$VIVER_ROLE in $PWD"\necho oops >&2\nexit 3\n');
    await plant('RUNES/hooks/configure/20-b', '#!/usr/bin/env python3\nimport os\nprint(os.environ["VIVER_MAC"])\n');
    const { run, lines } = await service();
    expect(await run({ name: '10-a', environment, seconds: 20 })).toMatchObject({ status: 3 });
    expect(await run({ name: '20-b', environment, seconds: 20 })).toMatchObject({ status: 0 });
    expect(lines.toSorted()).toEqual(['info 10-a: lab in /', 'info 10-a: oops', 'info 20-b: 52:54:00:ab:cd:ef']);
    await expect(run({ name: '30-c', environment, seconds: 1 })).rejects.toThrow('there is no hook 30-c');
  });

  test('one that hangs, with what it has started, ends at its limit; output is bounded', async () => {
    await plant(
      'RUNES/hooks/configure/10-a',
      '#!/bin/sh\nsleep 1000 & echo $!\nyes | head -c 5000000 | tr -d "\\n"\nwait\n',
    );
    const { run, lines } = await service();
    const { status, milliseconds } = await run({ name: '10-a', environment, seconds: 2 });
    expect(status).toBeUndefined();
    expect(milliseconds).toBeGreaterThanOrEqual(2000);
    expect(milliseconds).toBeLessThan(20_000);
    expect(lines).toHaveLength(MAX_HOOK_LINES + 1);
    expect(lines.at(-1)).toMatch(/further lines are not shown/);
    const child = Number(lines[0]?.split(': ')[1]);
    expect(child).toBeGreaterThan(1);
    await expect.poll(() => readFile(`/proc/${child}/stat`, 'utf8').catch(() => 'gone')).toMatch(/^gone$|\) Z /);
  });

  test('a program that is left behind does not keep the boot', async () => {
    await plant('RUNES/hooks/configure/10-a', '#!/bin/sh\nsleep 1000 &\nexit 0\n');
    const { run } = await service();
    const { status, milliseconds } = await run({ name: '10-a', environment, seconds: 60 });
    expect(status).toBe(0);
    expect(milliseconds).toBeLessThan(20_000);
  });
});

describe('what somebody else could have put there is not run', () => {
  const start = (path: string) => sys.run('/bin/sh', ['-c', RUN_HOOK, 'hook', path]);
  let hook: string;
  beforeEach(async () => {
    await plant('etc/hooks/configure/10-a', '#!/bin/sh\necho ran\n');
    hook = join(folder, 'etc/hooks/configure/10-a');
    await chmod(hook, 0o755);
  });

  test('as it should be', async () => {
    expect(await start(hook)).toMatchObject({ status: 0, stdout: 'ran\n' });
  });

  test.each([
    ['a file that others write', () => chmod(hook, 0o757), /others than root may write/],
    ['a folder that a group writes', () => chmod(join(folder, 'etc/hooks'), 0o775), /others than root may write/],
    ['a folder of another owner', () => sys.run('chown', ['1000', join(folder, 'etc/hooks/configure')]), /not root's/],
    ['no rights to run', () => chmod(hook, 0o644), /not executable/],
    [
      'a link',
      async () => {
        await rm(hook);
        await symlink('/bin/true', hook);
      },
      /is a link/,
    ],
  ])('%s', async (_, spoil, why) => {
    await spoil();
    const { status, stdout, stderr } = await start(hook);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(why);
  });
});

test('the rune runs all in order, names who failed, and makes units of the others', async () => {
  const root = await openConfiguredRoot({ 'etc/systemd/system.conf': '', 'etc/hostname': 'lab-07\n' });
  const ran: unknown[] = [];
  const list = {
    configure: [
      { name: '10-a', origin: 'image:/etc/RUNES/hooks/configure/10-a' },
      { name: '20-b', origin: 'medium:/RUNES/hooks/configure/20-b', text: 'x' },
    ],
    serve: [
      { name: '10-s', origin: 'image:/etc/RUNES/hooks/serve/10-s' },
      { name: '20-t', origin: 'medium:/RUNES/hooks/serve/20-t', text: '#!/bin/sh\necho up\n' },
    ],
    faults: ['medium:/RUNES/hooks/serve/x is not run: …'],
  };
  const run = (request: { name: string }) => {
    ran.push(request);
    return { status: request.name === '10-a' ? 1 : 0, milliseconds: 5 };
  };
  const { lines, changed, setAside } = await root.run(hooks, { services: { hooks: { list: () => list, run } } });
  expect(setAside).toBeUndefined();
  expect(ran).toMatchObject([
    {
      name: '10-a',
      seconds: 60,
      environment: { VIVER_HOST_NAME: 'lab-07', VIVER_ROLE: 'first', VIVER_STAGE: 'configure' },
    },
    { name: '20-b' },
  ]);
  expect(lines).toContain('error hooks: hook image:/etc/RUNES/hooks/configure/10-a failed: status 1, after 5 ms');
  expect(changed).toEqual([
    '/etc/RUNES/hooks/serve/20-t',
    '/etc/systemd/system/multi-user.target.wants/viver-hook-10-s.service',
    '/etc/systemd/system/multi-user.target.wants/viver-hook-20-t.service',
    '/etc/systemd/system/viver-hook-10-s.service',
    '/etc/systemd/system/viver-hook-20-t.service',
    '/usr/local/lib/viver/run-hook',
  ]);
  const unit = await root.text('etc/systemd/system/viver-hook-20-t.service');
  expect(unit).toContain('After=multi-user.target viver-hook-10-s.service\n');
  await root.remove();
});

test('facts as variables, in a file that sh reads back as it was', async () => {
  const machine = { mac: '52:54:00:ab:cd:ef', name: 'lab-07', settings: { seat: '3b', 'room-nr': '7' } };
  const facts = { ...sampleFacts, machine, machineUuid: 'a"b$(reboot)`x`\\ \nVIVER_ROLE=root' };
  const environment = factsEnvironment(facts, 'lab-07');
  expect(environment).toMatchObject({
    VIVER_MAC: '52:54:00:ab:cd:ef',
    VIVER_ADDRESS: '10.86.0.1',
    VIVER_HOST_NAME: 'lab-07',
    VIVER_MACHINE_SEAT: '3b',
    VIVER_MACHINE_ROOM_NR: '7',
  });
  expect(environment).not.toHaveProperty('VIVER_GATEWAY');
  await writeFile(join(folder, 'facts.env'), formatEnvironmentFile(environment));
  const { stdout } = await sys.run('sh', [
    '-c',
    '. "$1"; printf "%s|%s" "$VIVER_UUID" "$VIVER_ROLE"',
    'sh',
    join(folder, 'facts.env'),
  ]);
  expect(stdout).toBe('a"b$(reboot)`x`\\  VIVER_ROLE=root|first');
});
