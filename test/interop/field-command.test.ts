// `viver field` as its users run it: real processes over loopback, read by nbdinfo, nbdcopy and qemu-img, mounted by nbdfuse. Needs root for the mounts.

import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FieldStatus } from '../../src/vfield/field.ts';
import { ViverProcess } from '../programs/viver-process.ts';
import { kit, makeTree, noise, run } from './kit-tree.ts';

const runLater = promisify(execFile);
const VIVER = join(import.meta.dirname, '../../bin/viver');
/** Much less than the image: most of what is read has to be fetched for the read. */
const SMALL_SHARE = '4M';

let folder: string;
let tree: string;
let image: string;
let torrent: string;
/** What the field shows: the image file without its trailer. */
let content: string;
let runtime: string;
const processes: ViverProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-field-command-'));
  tree = join(folder, 'tree');
  image = join(folder, 'room.viver');
  torrent = join(folder, 'room.torrent');
  content = join(folder, 'content');
  runtime = join(folder, 'session/viver/test');
  makeTree(tree);
  writeFileSync(join(tree, 'opt/much'), noise(24 * 1024 * 1024));
  expect(kit(['image', 'create', '--root', tree, '--output', image, '--compression-level', '1']).status).toBe(0);
  expect(kit(['image', 'torrent', image, '--output', torrent, '--hybrid']).status).toBe(0);
  const { pieceBytes, pieces, squashfsBytes } = JSON.parse(kit(['image', 'info', '--json', image]).stdout);
  const length = Math.ceil(squashfsBytes / 4096) * 4096;
  expect(Math.ceil(length / pieceBytes)).toBe(pieces);
  writeFileSync(content, readFileSync(image).subarray(0, length));
});

afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.stop('SIGKILL')));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(...words: string[]): ViverProcess {
  const one = new ViverProcess(['field', ...words, '--no-discover'], { RUNTIME_DIRECTORY: runtime });
  processes.push(one);
  return one;
}

async function seed(port = '0'): Promise<ViverProcess> {
  const one = start('seed', image, '--listen', `127.0.0.1:${port}`);
  await one.fact('magnet');
  return one;
}

async function joinRoom(first: ViverProcess, ...words: string[]): Promise<ViverProcess> {
  return start('join', await first.fact('magnet'), '--listen', '127.0.0.1:0', ...words);
}

function viver(...words: string[]) {
  const env = { ...process.env, XDG_RUNTIME_DIR: join(folder, 'session') };
  return spawnSync(VIVER, words, { encoding: 'utf8', timeout: 60_000, env });
}

function statusOf(one: ViverProcess): FieldStatus {
  const { stdout, stderr } = viver('field', 'status', '--json', '--socket', join(runtime, `field-${one.processId}`));
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 600) throw new Error('it did not come about in 60 s');
    await delay(100);
  }
}

/** Compares the whole export with the image, by two programs at once. */
async function compareExport(uri: string, name: string): Promise<void> {
  const copy = join(folder, `copy-${name}`);
  const [compared] = await Promise.all([
    runLater('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', uri, content]),
    runLater('nbdcopy', [uri, copy]),
  ]);
  expect(compared.stdout).toContain('Images are identical');
  expect(readFileSync(copy).equals(readFileSync(content))).toBe(true);
  rmSync(copy);
}

/** Mounts below the test's folder. */
function ownMounts(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(folder));
}

/** Process ids of the nbdfuse programs that show something below the test's folder. */
function ownNbdfuses(): number[] {
  const commandLine = (id: string): string => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8');
    } catch {
      return ''; // it has just ended
    }
  };
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.filter((id) => /^nbdfuse\0/.test(commandLine(id)) && commandLine(id).includes(folder)).map(Number);
}

describe('an NBD export of what is still arriving', () => {
  test('nbdinfo, nbdcopy and qemu-img get the image, several at once, from a share that can not hold it', async () => {
    const first = await seed();
    const one = await joinRoom(first, '--share', SMALL_SHARE, '--nbd', `unix:${folder}/nbd`);
    const uri = await one.fact('nbd');
    expect(uri).toBe(`nbd+unix:///?socket=${folder}/nbd`);
    const info = JSON.parse(run('nbdinfo', '--json', uri));
    expect(info.exports[0]).toMatchObject({ 'export-size': statSync(content).size, is_read_only: true });
    await Promise.all(['a', 'b', 'c'].map((name) => compareExport(uri, name)));
    expect(statusOf(one).kept).toBeLessThan(statusOf(one).pieces);
    expect(await one.stop()).toBe(0);
    expect(existsSync(join(folder, 'nbd'))).toBe(false);
  });

  test('over TCP, and from other nodes after the seed has gone', async () => {
    const first = await seed();
    const copy = await joinRoom(first, '--share', 'all');
    expect(await copy.fact('complete')).toMatch(/^all \d+ pieces, 2\d\.\d MiB, are held here$/);
    await first.stop();
    const one = await joinRoom(copy, '--share', '0', '--nbd', '127.0.0.1:0');
    await compareExport(await one.fact('nbd'), 'tcp');
  });

  test('kill -9 of the seed: reads wait, and go on when it is back', async () => {
    const first = await seed();
    const port = await first.fact('port');
    const one = await joinRoom(first, '--share', '0', '--nbd', `unix:${folder}/waiting`);
    const uri = await one.fact('nbd');
    await first.stop('SIGKILL');
    const reading = compareExport(uri, 'waiting');
    await until(() => statusOf(one).waitingReads > 0 && statusOf(one).peers.length === 0);
    await seed(port);
    await reading;
    expect(statusOf(one).waitingReads).toBe(0);
  });
});

describe('a mounted image', () => {
  test('shows the files it was made of, and is gone without a trace after SIGTERM', async () => {
    const first = await seed();
    const [at, control] = [join(folder, 'mnt'), join(folder, 'control socket')];
    mkdirSync(at);
    const one = await joinRoom(first, '--share', SMALL_SHARE, '--mount', at, '--control', control);
    expect(await one.fact('mount')).toContain(at);
    for (const part of ['boot', 'etc', 'home', 'opt', 'usr']) {
      await runLater('diff', ['--recursive', '--no-dereference', join(tree, part), join(at, part)]);
    }
    expect(viver('field', 'status', '--socket', control).stdout).toContain(`mount      ${at}`);
    expect(ownNbdfuses()).toHaveLength(1);
    expect(await one.stop()).toBe(0);
    expect([ownMounts(), ownNbdfuses(), existsSync(control), readdirSync(at)]).toEqual([[], [], false, []]);
    expect(readdirSync(runtime).filter((name) => name.startsWith('mount-'))).toEqual([]);
  });

  test('Ctrl-C, which the terminal sends to every process of the group, ends it in the same order', async () => {
    const first = await seed();
    const at = join(folder, 'interrupted');
    mkdirSync(at);
    const one = await joinRoom(first, '--mount', at);
    await one.fact('mount');
    expect(await one.interrupt()).toBe(0);
    expect([ownMounts(), ownNbdfuses(), one.log.filter((line) => line.includes('warn'))]).toEqual([[], [], []]);
  });

  test('a mount whose blocks nobody has waits, and ends when it is told to', async () => {
    const at = join(folder, 'nobody');
    mkdirSync(at);
    const one = start('join', torrent, '--listen', '127.0.0.1:0', '--mount', at);
    await one.fact('share');
    await until(() => statusOf(one).waitingReads > 0);
    expect(await one.stop()).toBe(0);
    expect([ownMounts(), ownNbdfuses()]).toEqual([[], []]);
  });

  test('a mount in use is waited for; a second signal takes it away', async () => {
    const first = await seed();
    const at = join(folder, 'used');
    mkdirSync(at);
    const one = await joinRoom(first, '--mount', at);
    await one.fact('mount');
    const user = execFile('sleep', ['600'], { cwd: at });
    try {
      const ended = one.stop();
      await until(() => one.log.some((line) => line.includes('target is busy')));
      expect(await one.stop()).toBe(0);
      await ended;
    } finally {
      user.kill();
    }
    expect([ownMounts(), ownNbdfuses()]).toEqual([[], []]);
  });

  test('after kill -9 reads fail, and the next one clears away what was left', async () => {
    const first = await seed();
    const at = join(folder, 'left');
    mkdirSync(at);
    const one = await joinRoom(first, '--share', '0', '--mount', at);
    await one.fact('mount');
    await one.stop('SIGKILL');
    await expect(runLater('cat', [join(at, 'opt/much')])).rejects.toThrow('Input/output error');
    const refused = await joinRoom(first, '--mount', at);
    expect(await refused.ended).toBe(1);
    expect(refused.log.at(-1)).toBe(`viver: something is mounted at ${at} already: umount it first`);
    run('umount', at);
    const again = await joinRoom(first, '--mount', at);
    await again.fact('mount');
    expect(ownNbdfuses()).toHaveLength(1);
    expect(await again.stop()).toBe(0);
    expect([ownMounts(), ownNbdfuses()]).toEqual([[], []]);
  });

  test('when nbdfuse is killed, the command says so and ends', async () => {
    const first = await seed();
    const at = join(folder, 'killed');
    mkdirSync(at);
    const one = await joinRoom(first, '--mount', at);
    await one.fact('mount');
    for (const id of ownNbdfuses()) process.kill(id, 'SIGKILL');
    expect(await one.ended).toBe(1);
    expect(one.log.at(-1)).toContain('nbdfuse has ended');
    expect(ownMounts()).toEqual([]);
  });
});

describe('where an image comes from', () => {
  let web: Server;
  afterEach(() => void web?.close());

  test('a .torrent from the web, a .viver, and the .torrent for old clients, which names its tracker', async () => {
    const first = start('seed', torrent, '--content', content, '--verify', '--listen', '127.0.0.1:0');
    const peer = `127.0.0.1:${await first.fact('port')}`;
    const old = join(folder, 'old.torrent');
    expect(kit(['image', 'torrent', image, '--output', old, '--announce', `http://${peer}/announce`]).status).toBe(0);
    web = createServer((_, answer) => answer.end(readFileSync(torrent))).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/room.torrent`;
    for (const words of [[url, '--peer', peer], [image, '--peer', peer], [old]]) {
      const one = start('join', ...words, '--share', 'all', '--listen', '127.0.0.1:0');
      await one.fact('complete');
      expect(await one.fact('info hash')).toBe(await first.fact('info hash'));
      await one.stop();
    }
  });
});

describe('status', () => {
  test('JSON for programs, a page for people, a list when several run', async () => {
    const first = await seed();
    const one = await joinRoom(first, '--share', 'all');
    await one.fact('complete');
    const status = statusOf(one);
    expect(status).toMatchObject({ kind: 'ram', kept: status.pieces, waitingReads: 0, copies: { min: 1 } });
    expect(status.infoHash).toBe(await first.fact('info hash'));
    expect(status.peers[0]).toMatchObject({
      kind: 'medium',
      held: status.pieces,
      client: expect.stringContaining('Viver'),
    });
    const page = viver('field', 'status', '--socket', join(runtime, `field-${first.processId}`)).stdout;
    expect(page).toContain('held       the whole image, on the own medium\n');
    expect(page).toMatch(/^127\.0\.0\.1:\d+ +ram +all +0 B\/s +0 B\/s +Viver/m);
    const list = viver('field', 'status').stdout;
    for (const { processId } of [first, one]) expect(list).toContain(join(runtime, `field-${processId}`));
    expect(viver('field', 'status', '--json')).toMatchObject({ status: 1, stdout: '' });
    const log = first.log.join('\n');
    expect(log).toMatch(/127\.0\.0\.1:\d+ is here: ram/);
    await one.stop();
    await until(() => first.log.some((line) => line.includes('has left')));
  });

  test('a process that was killed leaves a socket that nobody minds', async () => {
    const control = join(folder, 'killed-control');
    const words = ['seed', image, '--listen', '127.0.0.1:0', '--control', control];
    const first = start(...words);
    await first.fact('magnet');
    await first.stop('SIGKILL');
    expect(viver('field', 'status', '--socket', control).stderr).toMatch(/^viver: no Viver process answers at /);
    const again = start(...words);
    await again.fact('magnet');
    expect(viver('field', 'status', '--json', '--socket', control).status).toBe(0);
  });
});

describe('bad input is one line and status 1', () => {
  const bad = (...words: string[]): string => {
    const { status, stderr } = viver('field', ...words, '--no-discover', '--listen', '127.0.0.1:0');
    expect(status).toBe(1);
    return stderr.trimEnd().replaceAll(folder, 'FOLDER');
  };

  test('no file, no image, a cut image', () => {
    expect(bad('seed', join(folder, 'none'))).toMatch(/^viver: FOLDER\/none is no whole \.viver image.*no such file/);
    expect(bad('seed', join(tree, 'etc/fstab'))).toMatch(
      /^viver: FOLDER\/tree\/etc\/fstab is no whole .* image [^\n]*$/,
    );
    const cut = join(folder, 'cut.viver');
    writeFileSync(cut, readFileSync(image).subarray(0, 1_000_000));
    expect(bad('seed', cut)).toMatch(/^viver: FOLDER\/cut\.viver is no whole [^\n]*$/);
    expect(bad('seed', torrent)).toBe(
      'viver: FOLDER/room.torrent only describes an image: name the file with its bytes, --content FILE',
    );
  });

  test('a damaged image, when it is verified', () => {
    const damaged = join(folder, 'damaged.viver');
    copyFileSync(image, damaged);
    const file = openSync(damaged, 'r+');
    writeSync(file, '!', 300_000);
    closeSync(file);
    expect(bad('seed', damaged, '--verify').split('\n').at(-1)).toMatch(
      /^viver: FOLDER\/damaged\.viver: 1 of \d+ pieces differ, piece 2 first$/,
    );
  });

  test('a taken port', async () => {
    const first = await seed();
    const port = await first.fact('port');
    const { status, stderr } = viver('field', 'seed', image, '--listen', `127.0.0.1:${port}`);
    expect([status, stderr]).toEqual([
      1,
      `viver: can't listen on 127.0.0.1:${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
    ]);
  });

  test.each([
    ['a magnet link without a hash', ['join', 'magnet:?dn=x'], /^viver: magnet link: no xt=/],
    [
      'a foreign file',
      ['join', '/etc/hostname'],
      /^viver: \/etc\/hostname is no whole .viver image and no .torrent of one/,
    ],
    [
      'nobody at the address',
      ['join', 'http://127.0.0.1:2/x.torrent'],
      /^viver: http:\/\/127.0.0.1:2\/x.torrent: .*ECONNREFUSED/,
    ],
    [
      'a bad share',
      ['join', 'x', '--share', 'much'],
      /^error: option '--share <size>' .*512M, 2G, 25% or all is wanted$/,
    ],
    [
      'a bad NBD address',
      ['join', 'x', '--nbd', '10809'],
      /^error: option '--nbd <address>' .*unix:\/path or HOST:PORT is wanted$/,
    ],
    ['no directory', ['join', 'x', '--mount', '/none'], /^viver: \/none is no directory to mount at$/],
    ['a mount point in use', ['join', 'x', '--mount', '/proc'], /^viver: something is mounted at \/proc already/],
  ])('%s', (_, words, line) => {
    const said = bad(...words);
    expect(said).toMatch(line);
    expect(said.split('\n')).toHaveLength(1);
  });

  test('an NBD socket in use', async () => {
    const first = await seed();
    await (await joinRoom(first, '--nbd', `unix:${folder}/taken`)).fact('nbd');
    expect(bad('join', await first.fact('magnet'), '--nbd', `unix:${folder}/taken`)).toContain(
      "viver: can't listen for NBD: listen EADDRINUSE",
    );
  });
});
