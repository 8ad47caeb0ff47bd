// Reads a kernel's folder of modules: its tables, and modules as they are stored (.ko, .ko.gz, .ko.zst, .ko.xz), always decompressed.

import { spawn } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { ViverError } from '../../src/errors.ts';
import { MODULE_TABLE_FILES, type ModuleTableTexts } from '../../src/hwdetect/module-tables.ts';

/** The largest module of a Debian kernel has 4 MB (amdgpu with symbols: 14). */
export const MAX_MODULE_BYTES = 64 * 2 ** 20;

/**
 * Texts of all tables in `directory` (/lib/modules/RELEASE).
 * @throws ViverError INITRD_NO_MODULES with what is there instead, if modules.dep is missing.
 */
export async function readModuleTables(directory: string): Promise<ModuleTableTexts> {
  const texts: Record<string, string> = {};
  for (const name of MODULE_TABLE_FILES) {
    const text = await readFile(join(directory, name), 'latin1').catch(() => undefined);
    if (text !== undefined) texts[name] = text;
  }
  if (!texts['modules.dep']) throw await noModules(directory);
  return texts;
}

/** A module's bytes, decompressed. @throws ViverError INITRD_BAD_MODULE */
export async function readModule(path: string): Promise<Buffer> {
  try {
    return await decompress(await readFile(path), path);
  } catch (cause) {
    if (cause instanceof ViverError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ViverError('INITRD_BAD_MODULE', `cannot read the module ${path}: ${why}`, { cause });
  }
}

async function decompress(stored: Buffer, path: string): Promise<Buffer> {
  const limit = { maxOutputLength: MAX_MODULE_BYTES };
  if (path.endsWith('.gz')) return await promisify(gunzip)(stored, limit);
  if (path.endsWith('.zst')) return (await promisify(zstdDecompress)(stored, limit)) as Buffer;
  return path.endsWith('.xz') ? await unxz(stored) : stored;
}

/** Node has no xz: the program does it. */
async function unxz(stored: Buffer): Promise<Buffer> {
  const child = spawn('xz', ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const status = new Promise<number>((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve(code ?? 255)),
  );
  child.stdin.on('error', () => {});
  child.stdin.end(stored);
  const [output, words, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), status]);
  if (code !== 0) throw new Error(words.toString().trim() || `xz ended with status ${code}`);
  return output;
}

async function noModules(directory: string): Promise<ViverError> {
  if (await stat(directory).catch(() => undefined)) {
    return new ViverError('INITRD_NO_MODULES', `${directory} has no modules.dep: run depmod for this kernel first`);
  }
  const others = (await readdir(dirname(directory)).catch(() => [])).sort();
  const hint = others.length > 0 ? `there are ${others.join(', ')}` : `${dirname(directory)} is empty or missing`;
  return new ViverError('INITRD_NO_MODULES', `no modules of kernel ${basename(directory)}: ${hint}`);
}
