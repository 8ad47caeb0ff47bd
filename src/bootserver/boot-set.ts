// The files that a boot server hands out: a table of names, each bytes in memory or one file. Nothing outside of the table can be
// read, whatever a path says. The files stay open only while somebody reads them.

import { open } from 'node:fs/promises';
import { ViverError } from '../errors.ts';
import { type BootClient, type BootContent, bytesContent, normalizePath, type OpenBootContent } from './content.ts';

/** Where the bytes of a name come from. A function may answer each client differently. */
export type BootSetEntry =
  | { readonly file: string }
  | { readonly bytes: Uint8Array | string }
  | { readonly make: (client: BootClient) => string | Uint8Array };

/** Makes open() of a table: `{ 'boot.ipxe': { bytes: script }, 'vmlinuz': { file: '/boot/vmlinuz' } }`. */
export function createBootSet(entries: Readonly<Record<string, BootSetEntry>>): OpenBootContent {
  const table = new Map(Object.entries(entries).map(([name, entry]) => [normalizePath(name), entry]));
  return async (path, client) => {
    const entry = table.get(path);
    if (!entry) return undefined;
    if ('file' in entry) return openFile(entry.file);
    const made = 'bytes' in entry ? entry.bytes : entry.make(client);
    return bytesContent(typeof made === 'string' ? new TextEncoder().encode(made) : made);
  };
}

/** A file as content. A missing one is undefined, as if it were not in the table. */
export async function openFile(path: string): Promise<BootContent | undefined> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return undefined;
  const { size, mtimeMs } = await handle.stat();
  return {
    sizeBytes: size,
    tag: `${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}`,
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      if (bytesRead !== length) throw new ViverError('CONTENT_RANGE', `${path} became shorter while it was read`);
      return bytes;
    },
    close: () => handle.close(),
  };
}
