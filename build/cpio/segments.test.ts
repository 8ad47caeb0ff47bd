import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ViverError } from '../../src/errors.ts';
import { encodeNewcHeader, FileType, type NewcHeader } from '../../src/wire/newc.ts';
import { extractRecords } from './extract.ts';
import { readArchives } from './read.ts';
import { readSegments } from './segments.ts';
import { type CpioEntry, packCpioBytes } from './write.ts';

const file = (path: string, text: string): CpioEntry => ({
  kind: 'file',
  path,
  mode: 0o644,
  content: Buffer.from(text),
});
const one = await packCpioBytes([file('one', '1')]);
const two = await packCpioBytes([file('two', '22')]);
const xz = (bytes: Buffer) => execFileSync('xz', ['-c', '--check=crc32'], { input: bytes });

describe('readSegments', () => {
  it('reads archives one after the other, each compressed in its own way, zeros between them', async () => {
    const zeros = Buffer.alloc(1024);
    const all = Buffer.concat([one, zeros, gzipSync(two), zeros, zstdCompressSync(one), gzipSync(one), two, xz(two)]);
    const segments = await readSegments(all);
    expect(segments.map(({ compression, records }) => [compression, records[0]!.name])).toEqual([
      ['none', 'one'],
      ['gzip', 'two'],
      ['zstd', 'one'],
      ['gzip', 'one'],
      ['none', 'two'],
      ['xz', 'two'],
    ]);
    expect(segments[1]!.offset).toBe(one.length + 1024);
    expect(segments[1]!.storedBytes).toBe(gzipSync(two).length);
  });

  it('reads what the programs gzip and zstd write, names and long windows in the header', async () => {
    const zstd = execFileSync('zstd', ['-q', '-19', '--ultra', '--long=27', '-c'], { input: one });
    expect((await readSegments(Buffer.concat([zstd, gzipSync(two)]))).map((segment) => segment.compression)).toEqual([
      'zstd',
      'gzip',
    ]);
    const named = execFileSync('sh', ['-c', 'cat > "$0/initrd" && gzip -c "$0/initrd"', directory], { input: two });
    expect((await readSegments(named))[0]!.records[0]!.name).toBe('two');
  });

  it('names what is wrong', async () => {
    await expect(readSegments(Buffer.alloc(100))).rejects.toThrow('holds no archive');
    await expect(readSegments(Buffer.from('#!/bin/sh'))).rejects.toThrow('no archive at offset 0');
    await expect(readSegments(Buffer.concat([one, Buffer.from('rubbish')]))).rejects.toThrow(`offset ${one.length}`);
    const damaged = gzipSync(two);
    damaged[damaged.length - 6]! ^= 1;
    await expect(readSegments(damaged)).rejects.toThrow('checksum');
    await expect(readSegments(gzipSync(two).subarray(0, 40))).rejects.toThrow(ViverError);
  });

  it('throws nothing but ViverError for damaged files', async () => {
    const good = Buffer.concat([one, gzipSync(two), zstdCompressSync(one)]);
    const changes = fc.array(fc.tuple(fc.integer({ min: one.length, max: good.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(good.length), async (list, end) => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of list) bytes[at] = value;
        const error = await readSegments(bytes.subarray(0, end)).then(
          () => undefined,
          (thrown) => thrown,
        );
        if (error !== undefined) expect(error).toBeInstanceOf(ViverError);
      }),
      { numRuns: 300 },
    );
  });
});

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'viver-cpio-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('extractRecords', () => {
  const header = (given: Partial<NewcHeader> & { name: string }): NewcHeader => ({
    inode: 1,
    mode: FileType.file | 0o644,
    uid: 0,
    gid: 0,
    linkCount: 1,
    mtimeSeconds: 0,
    sizeBytes: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    nodeMajor: 0,
    nodeMinor: 0,
    ...given,
  });
  const record = (given: Partial<NewcHeader> & { name: string }, text = '') => ({
    ...header(given),
    data: Buffer.from(text),
  });

  it('writes files, folders and links with their rights, and names the nodes that it passes over', async () => {
    const entries: CpioEntry[] = [
      { kind: 'directory', path: 'bin', mode: 0o555 },
      { kind: 'file', path: 'bin/tool', mode: 0o4755, content: Buffer.from('#!') },
      { kind: 'symlink', path: 'sbin', target: 'bin' },
      { kind: 'characterDevice', path: 'null', mode: 0o666, major: 1, minor: 3 },
    ];
    const skipped = await extractRecords(readArchives(await packCpioBytes(entries)), directory);
    expect(skipped.map(({ name }) => name)).toEqual(['null']);
    expect((await stat(join(directory, 'bin/tool'))).mode & 0o7777).toBe(0o4755);
    expect((await stat(join(directory, 'bin'))).mode & 0o777).toBe(0o755);
    expect(await readlink(join(directory, 'sbin'))).toBe('bin');
  });

  it('joins hard links, wherever their bytes are', async () => {
    const linked = { inode: 7, linkCount: 2 };
    await extractRecords([record({ name: 'a', ...linked }), record({ name: 'b', ...linked }, 'bytes')], directory);
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('bytes');
    expect((await stat(join(directory, 'a'))).ino).toBe((await stat(join(directory, 'b'))).ino);
  });

  it('takes the later one of two records, as the kernel does', async () => {
    await extractRecords([record({ name: 'a' }, 'old'), record({ name: 'a' }, 'new')], directory);
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('new');
  });

  it.each([['../outside'], ['/outside'], ['a/../../outside']])('refuses %s', async (name) => {
    await expect(extractRecords([record({ name }, 'x')], directory)).rejects.toThrow(
      expect.objectContaining({ code: 'CPIO_ESCAPE' }),
    );
  });

  it('does not write through a symbolic link, neither the archive’s own nor one that was there', async () => {
    const link = record({ name: 'way', mode: FileType.symlink | 0o777 }, tmpdir());
    await expect(extractRecords([link, record({ name: 'way/x' }, 'x')], directory)).rejects.toThrow('no directory');
    await symlink(tmpdir(), join(directory, 'there'));
    await expect(extractRecords([record({ name: 'there/x' }, 'x')], directory)).rejects.toThrow('no directory');
    await symlink('/nonexistent/target', join(directory, 'file'));
    await extractRecords([record({ name: 'file' }, 'mine')], directory);
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('mine');
  });

  it('encodes the headers that it is tested with', () => {
    expect(
      readArchives(
        Buffer.concat([encodeNewcHeader(header({ name: 'x' })), encodeNewcHeader(header({ name: 'TRAILER!!!' }))]),
      )[0]!.name,
    ).toBe('x');
  });
});
