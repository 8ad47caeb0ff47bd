import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ViverError } from '../../src/errors.ts';
import { encodeNewcHeader, FileType } from '../../src/wire/newc.ts';
import { isNewc, readArchives, safePath } from './read.ts';
import { type CpioEntry, packCpioBytes } from './write.ts';

const file = (path: string, text: string): CpioEntry => ({
  kind: 'file',
  path,
  mode: 0o644,
  content: Buffer.from(text),
});

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .filter(
    (text) => !/[\0/]/.test(text) && text.isWellFormed() && text !== '.' && text !== '..' && text !== 'TRAILER!!!',
  );

describe('packCpio', () => {
  it('gives back what went in, names in any script', async () => {
    const content = fc.uint8Array({ maxLength: 700 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(name, content), { selector: ([text]) => text, maxLength: 8 }),
        async (files) => {
          const bytes = await packCpioBytes(
            files.map(([path, data]) => ({ kind: 'file', path, mode: 0o640, content: data })),
          );
          expect(bytes.length % 512).toBe(0);
          const found = new Map(readArchives(bytes).map((record) => [record.name, record]));
          expect(found.size).toBe(files.length);
          for (const [path, data] of files) {
            expect(Buffer.from(found.get(path)!.data)).toEqual(Buffer.from(data));
            expect(found.get(path)!.mode).toBe(FileType.file | 0o640);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps every size of a first file aligned, so that another archive may follow', async () => {
    for (let size = 380; size < 470; size++) {
      const bytes = await packCpioBytes([file('a', 'x'.repeat(size)), file('b', 'y')]);
      const twice = Buffer.concat([bytes, bytes]);
      expect(readArchives(twice).map((record) => record.sizeBytes)).toEqual([size, 1, size, 1]);
    }
  });

  it('takes no notice of the order of the entries, the clock or the owner', async () => {
    const entries = [file('b', '2'), file('a', '1'), { kind: 'directory', path: 'd', mode: 0o755 } as const];
    const one = await packCpioBytes(entries);
    expect(await packCpioBytes([...entries].reverse())).toEqual(one);
    expect(readArchives(one).map(({ name, inode, mtimeSeconds, uid }) => [name, inode, mtimeSeconds, uid])).toEqual([
      ['a', 1, 0, 0],
      ['b', 2, 0, 0],
      ['d', 3, 0, 0],
    ]);
  });

  it('is read by GNU cpio: streams, links, device nodes, UTF-8', async () => {
    const big = {
      sizeBytes: 300_001,
      open: async function* () {
        yield Buffer.alloc(100_000, 1);
        yield Buffer.alloc(200_001, 2);
      },
    };
    const bytes = await packCpioBytes([
      { kind: 'directory', path: 'dev', mode: 0o755 },
      { kind: 'characterDevice', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
      { kind: 'file', path: 'big', mode: 0o755, content: big },
      { kind: 'symlink', path: 'link', target: 'dev/ő' },
      file('Főtanúsítvány.crt', 'x'),
    ]);
    const lines = execFileSync('cpio', ['-tv', '--quiet'], {
      input: bytes,
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' },
    })
      .trim()
      .split('\n');
    expect(lines.map((line) => line.replace(/\s+/g, ' '))).toEqual([
      '-rw-r--r-- 1 root root 1 Jan 1 1970 Főtanúsítvány.crt',
      '-rwxr-xr-x 1 root root 300001 Jan 1 1970 big',
      'drwxr-xr-x 2 root root 0 Jan 1 1970 dev',
      'crw------- 1 root root 5, 1 Jan 1 1970 dev/console',
      'lrwxrwxrwx 1 root root 6 Jan 1 1970 link -> dev/ő',
    ]);
  });

  it('refuses what does not fit, before a byte of it is written', async () => {
    const tooLarge = { sizeBytes: 2 ** 32, open: () => expect.unreachable('opened') as never };
    await expect(packCpioBytes([{ kind: 'file', path: 'a', mode: 0o644, content: tooLarge }])).rejects.toThrow(
      'does not fit',
    );
    await expect(packCpioBytes([file('a\0b', '')])).rejects.toThrow(ViverError);
    await expect(packCpioBytes([file('x'.repeat(5000), '')])).rejects.toThrow(ViverError);
    const lying = {
      sizeBytes: 5,
      open: async function* () {
        yield Buffer.from('123');
      },
    };
    await expect(packCpioBytes([{ kind: 'file', path: 'a', mode: 0o644, content: lying }])).rejects.toThrow();
  });
});

describe('readArchives', () => {
  it('throws nothing but ViverError, whatever it is given', async () => {
    const good = await packCpioBytes([file('a', 'hello'), file('b', 'x'.repeat(600))]);
    const mutant = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((changes) => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const input = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      mutant,
      fc.nat(good.length).map((end) => good.subarray(0, end)),
    );
    fc.assert(
      fc.property(input, (bytes) => {
        try {
          for (const record of readArchives(bytes)) expect(record.data.length).toBe(record.sizeBytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ViverError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('says that an archive without its trailer is cut off', async () => {
    const bytes = await packCpioBytes([file('a', 'hello')]);
    expect(() => readArchives(bytes.subarray(0, 120))).toThrow('ends inside');
  });

  it('refuses a header that is not hexadecimal, a name too long, a name without its end', () => {
    const header = Buffer.from(encodeNewcHeader({ ...blank, name: 'abc' }));
    expect(isNewc(header)).toBe(true);
    const changed = (at: number, text: string) =>
      Buffer.concat([header.subarray(0, at), Buffer.from(text), header.subarray(at + text.length)]);
    expect(() => readArchives(changed(20, 'zz'))).toThrow(expect.objectContaining({ code: 'CPIO_HEX' }));
    expect(() => readArchives(changed(94, 'FFFFFFF0'))).toThrow(expect.objectContaining({ code: 'CPIO_NAME' }));
    expect(() => readArchives(changed(113, 'd'))).toThrow(expect.objectContaining({ code: 'CPIO_NAME' }));
  });
});

const blank = {
  inode: 1,
  mode: FileType.file,
  uid: 0,
  gid: 0,
  linkCount: 1,
  mtimeSeconds: 0,
  sizeBytes: 0,
  deviceMajor: 0,
  deviceMinor: 0,
  nodeMajor: 0,
  nodeMinor: 0,
};

describe('safePath', () => {
  it.each([
    ['./usr/bin', 'usr/bin'],
    ['.', ''],
    ['a//b/', 'a/b'],
    ['/etc/passwd', undefined],
    ['a/../../b', undefined],
    ['..', undefined],
  ])('%s -> %s', (given, expected) => expect(safePath(given)).toBe(expected));
});
