// Builds whole initrds for a small kernel tree of its own, and has GNU cpio, gzip and unsquashfs read them. No root needed.
// Needs: binutils (objcopy), busybox-static, cpio, icu-devtools, ipxe, squashfs-tools, xz-utils.

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuildInitrdOptions, buildInitrd, type InitrdReport } from '../../build/initrd.ts';
import { listSquashfs, readInitrd } from '../../build/initrd-read.ts';
import { packInitrd, unpackInitrd } from '../../build/unpack.ts';
import { decodeManifest } from '../../initrd/manifest.ts';
import { decodeModuleTables } from '../../src/hwdetect/module-tables.ts';

const RELEASE = '6.1.0-test';
const SLOW = 180_000;
const sh = (script: string, cwd: string) =>
  execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });

/** Path of a module, what it needs, and further lines of its .modinfo. */
const MODULES: readonly (readonly [string, string, readonly string[]])[] = [
  ['kernel/drivers/block/loop.ko', '', []],
  ['kernel/fs/squashfs/squashfs.ko', 'kernel/lib/zstd/zstd_decompress.ko', []],
  ['kernel/lib/zstd/zstd_decompress.ko', '', []],
  ['kernel/fs/overlayfs/overlay.ko', '', []],
  ['kernel/drivers/net/ethernet/broadcom/tg3.ko', '', ['firmware=tigon/tg3.bin', 'firmware=tigon/none.bin']],
  ['kernel/drivers/gpu/drm/amd/amdgpu.ko', '', ['firmware=amdgpu/big.bin']],
];

let scratch: string;
let report: InitrdReport;
let output: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'viver-initrd-'));
  await makeKernel('plain', (bytes) => ['', bytes]);
  await mkdir(join(scratch, 'firmware/tigon'), { recursive: true });
  await writeFile(join(scratch, 'firmware/tigon/tg3.bin'), 'firmware');
  output = join(scratch, 'initrd.img');
  report = await buildInitrd(options({}));
}, SLOW);

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe('buildInitrd', () => {
  it('makes what the kernel, GNU cpio and gzip can read', async () => {
    const archives = await readInitrd(output);
    const [large, small] = archives.segments;
    expect(sh('cpio -t --quiet < initrd.img', scratch).trim().split('\n')).toEqual([
      'viver',
      'viver/manifest.json',
      'viver/modules.squashfs',
      'viver/runtime.squashfs',
    ]);
    expect([large!.compression, small!.compression, small!.offset % 512]).toEqual(['none', 'gzip', 0]);
    const script = `tail -c +${small!.offset + 1} initrd.img | gzip -dc | cpio -tv --quiet`;
    const lines = sh(script, scratch);
    for (const name of ['init', 'bin/busybox', 'modules/loop.ko', 'modules/zstd_decompress.ko', 'dev/console', 'rt']) {
      expect(lines).toMatch(new RegExp(` ${name}$`, 'm'));
    }
    expect(lines).toMatch(/^crw------- .* 5, +1 .* dev\/console$/m);
    expect(report.totalBytes).toBe((await stat(output)).size);
  });

  it('tells the shim its modules in load order', async () => {
    const { segments } = await readInitrd(output);
    const order = segments[1]!.records.find(({ name }) => name === 'modules/order')!;
    expect(Buffer.from(order.data).toString()).toBe('loop.ko\nzstd_decompress.ko\nsquashfs.ko\n');
  });

  it('has Node, its libraries, the program and its packages in the runtime', async () => {
    const { ours } = await readInitrd(output);
    const names = new Set(
      (await listSquashfs(output, ours!.runtimeOffset)).map((line) =>
        line.split(' ').find((word) => word.startsWith('/')),
      ),
    );
    for (const path of [
      '/bin/node',
      '/lib64/ld-linux-x86-64.so.2',
      '/bin/sh',
      '/app/initrd/init.js',
      '/app/package.json',
      '/boot/ipxe.efi',
      '/newroot',
      '/modules',
    ]) {
      expect(names).toContain(path);
    }
    expect([...names].filter((name) => /\.test\.js$|\.ts$/.test(name ?? ''))).toEqual([]);
  });

  it('says what it is made for, and has just the modules of its rules, with their tables and firmware', async () => {
    const tree = join(scratch, 'look');
    await unpackInitrd(output, tree);
    const manifest = decodeManifest(await readFile(join(tree, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ kernelRelease: RELEASE, nodeVersion: process.versions.node });
    const tables = decodeModuleTables(await readFile(join(tree, 'modules/tables.json'), 'utf8'));
    const paths = tables.modules.map(([path]) => path).sort();
    expect(paths).toEqual(
      MODULES.map(([path]) => path)
        .filter((path) => !path.includes('amdgpu'))
        .sort(),
    );
    for (const path of paths) await stat(join(tree, 'modules', path));
    expect(await readdir(join(tree, 'modules/firmware'), { recursive: true })).toEqual(['tigon', 'tigon/tg3.bin']);
    expect([report.firmwareCount, report.firmwareMissing]).toEqual([1, 1]);
  });

  it('has a Node inside that runs with nothing but what is beside it', async () => {
    const root = join(scratch, 'look/runtime');
    const loader = join(root, 'lib64/ld-linux-x86-64.so.2');
    const libraries = `${root}/lib/x86_64-linux-gnu`;
    const program =
      "console.log(process.version, new Intl.NumberFormat('en').format(1234.5), Object.keys(await import('zod')).length > 50)";
    const args = ['--library-path', libraries, join(root, 'bin/node'), '--input-type=module', '-e', program];
    const said = execFileSync(loader, args, { encoding: 'utf8', cwd: join(root, 'app'), env: {} });
    expect(said.trim()).toBe(`${process.version} 1,234.5 true`);
  });

  it(
    'gives the same bytes for the same input, whatever the cache, the umask and the compression of the modules',
    async () => {
      await makeKernel(
        'mixed',
        (bytes, index) =>
          [
            ['.xz', xz(bytes)],
            ['.zst', zstdCompressSync(bytes)],
            ['.gz', gzipSync(bytes)],
          ][index % 3] as [string, Buffer],
      );
      const before = process.umask(0o077);
      try {
        await buildInitrd(
          options({ kernel: 'mixed', output: join(scratch, 'again.img'), cacheDirectory: join(scratch, 'cache-2') }),
        );
      } finally {
        process.umask(before);
      }
      expect((await readFile(join(scratch, 'again.img'))).equals(await readFile(output))).toBe(true);
    },
    SLOW,
  );
});

describe('unpack and pack', () => {
  it(
    'gives the file back when nothing was changed, and a changed one otherwise',
    async () => {
      const tree = join(scratch, 'tree');
      const { skipped } = await unpackInitrd(output, tree);
      expect(skipped).toEqual(['dev/console']);
      await packInitrd(tree, join(scratch, 'packed.img'), 1);
      expect((await readFile(join(scratch, 'packed.img'))).equals(await readFile(output))).toBe(true);

      await writeFile(join(tree, 'early/init'), '#!/bin/busybox sh\necho mine\n');
      await writeFile(join(tree, 'runtime/app/initrd/mine.js'), '// mine\n');
      await packInitrd(tree, join(scratch, 'changed.img'), 1);
      const changed = await readInitrd(join(scratch, 'changed.img'));
      const init = changed.segments[1]!.records.find(({ name }) => name === 'init')!;
      expect(Buffer.from(init.data).toString()).toContain('echo mine');
      expect(init.mode & 0o777).toBe(0o755);
      expect((await listSquashfs(changed.path, changed.ours!.runtimeOffset)).join('\n')).toContain(
        '/app/initrd/mine.js',
      );
    },
    SLOW,
  );

  it('reads what GNU cpio wrote, as another Linux has it: microcode first, then the rest, compressed', async () => {
    const make =
      'mkdir -p f/kernel g/bin; echo ucode > f/kernel/x; echo hi > g/bin/a; ln g/bin/a g/bin/b; ln -s a g/bin/c';
    sh(
      `${make}; (cd f; find . | cpio -o -H newc --quiet) > for.img; (cd g; find . | cpio -o -H newc --quiet | zstd -q -c) >> for.img`,
      scratch,
    );
    const { made, ours } = await unpackInitrd(join(scratch, 'for.img'), join(scratch, 'foreign'));
    expect([ours, made]).toEqual([false, ['segment-1', 'segment-2']]);
    sh('diff -r --no-dereference f foreign/segment-1 && diff -r --no-dereference g foreign/segment-2', scratch);
    expect((await stat(join(scratch, 'foreign/segment-2/bin/a'))).nlink).toBe(2);
  });

  it('leaves nothing behind when the file is damaged, and does not mix with what is there', async () => {
    const bytes = await readFile(output);
    await writeFile(join(scratch, 'cut.img'), bytes.subarray(0, bytes.length - 100));
    await expect(unpackInitrd(join(scratch, 'cut.img'), join(scratch, 'cut'))).rejects.toThrow('gzip');
    await expect(stat(join(scratch, 'cut'))).rejects.toThrow('ENOENT');
    await expect(unpackInitrd(output, join(scratch, 'look'))).rejects.toThrow('is not empty');
    await expect(packInitrd(join(scratch, 'firmware'), join(scratch, 'no.img'), 1)).rejects.toThrow(
      'early/init is missing',
    );
  });
});

describe('refusals', () => {
  const refused = (given: Parameters<typeof options>[0]) =>
    expect(buildInitrd({ ...options(given), output: given.output ?? join(scratch, 'no.img') })).rejects;

  it('says in one line what is wrong, and leaves no file', async () => {
    await refused({ kernel: 'absent' }).toThrow('no modules of kernel 6.1.0-test');
    await refused({ release: '../etc' }).toThrow('not a kernel release');
    await refused({ output: join(scratch, 'no/such/folder/x.img') }).toThrow('does not exist');
    await refused({ output: scratch }).toThrow('is a directory');
    await refused({ release: '5.0.0' }).toThrow('is of kernel 6.1.0-test, not of 5.0.0');
    expect((await readdir(scratch)).filter((name) => /^no\.img|partial/.test(name))).toEqual([]);
  });
});

function options(given: {
  kernel?: string;
  output?: string;
  cacheDirectory?: string;
  release?: string;
}): BuildInitrdOptions {
  return {
    modulesDirectory: join(scratch, given.kernel ?? 'plain', 'lib/modules', RELEASE),
    release: given.release ?? RELEASE,
    output: given.output ?? output,
    firmwareDirectory: join(scratch, 'firmware'),
    compression: { level: 1 },
    cacheDirectory: given.cacheDirectory ?? join(scratch, 'cache'),
  };
}

/** A tree of modules that are real ELF files with a .modinfo, though no kernel would run them. */
async function makeKernel(
  name: string,
  store: (bytes: Buffer, index: number) => readonly [string, Buffer],
): Promise<void> {
  const folder = join(scratch, name, 'lib/modules', RELEASE);
  const suffixes = new Map<string, string>();
  for (const [index, [path, , info]] of MODULES.entries()) {
    const [suffix, bytes] = store(moduleFile(path, info), index);
    suffixes.set(path, suffix);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path + suffix), bytes);
  }
  const stored = (path: string) => path && path + suffixes.get(path);
  await writeFile(
    join(folder, 'modules.dep'),
    MODULES.map(([path, needs]) => `${stored(path)}: ${stored(needs)}\n`).join(''),
  );
  await writeFile(
    join(folder, 'modules.alias'),
    'alias pci:v000014E4d00001644sv*sd*bc*sc*i* tg3\nalias fs-squashfs squashfs\n',
  );
}

function moduleFile(path: string, info: readonly string[]): Buffer {
  const modinfo = [`name=${path.replace(/^.*\/(.*)\.ko$/, '$1')}`, `vermagic=${RELEASE} SMP mod_unload`, ...info];
  const [source, target] = [join(scratch, 'modinfo.bin'), join(scratch, 'module.o')];
  execFileSync('sh', ['-c', 'cat > "$0"', source], { input: `${modinfo.join('\0')}\0` });
  execFileSync('objcopy', ['-I', 'binary', '-O', 'elf64-x86-64', '--rename-section', '.data=.modinfo', source, target]);
  return execFileSync('cat', [target]);
}

function xz(bytes: Buffer): Buffer {
  return execFileSync('xz', ['-c'], { input: bytes });
}
