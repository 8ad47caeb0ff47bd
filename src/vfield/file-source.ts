// A BlockSource over a file or block device, read through Node's thread pool: nothing here blocks the event loop.
// Never open a file of the system whose root this process serves: it would wait for itself (docs/boot-story.md).

import { open } from 'node:fs/promises';
import { ViverError } from '../errors.ts';
import { type BlockSource, checkRange } from './block-source.ts';

/** A source that holds a file open. */
export interface FileSource extends BlockSource {
  close(): Promise<void>;
}

/**
 * Opens `path` for reading.
 * @param range The part that is the source, in bytes; all of a regular file when left out. A block device needs `sizeBytes`.
 * @throws ViverError `BLOCK_OPEN` when it can't be opened or is shorter than `range` says.
 */
export async function openFileSource(
  path: string,
  range: { offsetBytes?: number; sizeBytes?: number } = {},
): Promise<FileSource> {
  const start = range.offsetBytes ?? 0;
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new ViverError('BLOCK_OPEN', `can't open ${path}: ${(cause as Error).message}`, { cause });
  });
  const stat = await handle.stat();
  const sizeBytes = range.sizeBytes ?? stat.size - start;
  if (sizeBytes < 0 || (stat.isFile() && stat.size - start < sizeBytes)) {
    await handle.close();
    throw new ViverError('BLOCK_OPEN', `${path} has ${stat.size} bytes, wanted ${sizeBytes} at ${start}`);
  }
  return {
    sizeBytes,
    async read(offsetBytes, lengthBytes, signal) {
      signal?.throwIfAborted();
      checkRange(sizeBytes, offsetBytes, lengthBytes);
      const bytes = Buffer.allocUnsafe(lengthBytes);
      for (let done = 0; done < lengthBytes; ) {
        const { bytesRead } = await handle.read(bytes, done, lengthBytes - done, start + offsetBytes + done);
        if (bytesRead === 0) throw new ViverError('BLOCK_SHORT', `${path} ended at ${start + offsetBytes + done}`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}
