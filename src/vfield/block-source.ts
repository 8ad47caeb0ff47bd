// Where blocks come from: a file, memory, the field. A layer takes one source and returns another.
// Pure; the source that reads files is in file-source.ts.

import { ViverError } from '../errors.ts';

/** Something with a fixed size that can be read at any place. */
export interface BlockSource {
  readonly sizeBytes: number;
  /**
   * Exactly `lengthBytes` bytes at `offsetBytes`, which lie inside the source. May be a view: the reader must not change it, and
   * the source leaves it as it is for as long as the reader holds it (a reply may lie in a socket's queue). May wait for ever. Rejects with the signal's reason after an abort, with ViverError `BLOCK_RANGE` outside the source.
   */
  read(offsetBytes: number, lengthBytes: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Throws `BLOCK_RANGE` unless the range lies inside `sizeBytes`. */
export function checkRange(sizeBytes: number, offsetBytes: number, lengthBytes: number): void {
  if (isInside(sizeBytes, offsetBytes, lengthBytes)) return;
  throw new ViverError('BLOCK_RANGE', `${lengthBytes} bytes at ${offsetBytes} are not inside ${sizeBytes} bytes`, {
    details: { offsetBytes, lengthBytes, sizeBytes },
  });
}

function isInside(sizeBytes: number, offsetBytes: number, lengthBytes: number): boolean {
  if (!Number.isSafeInteger(offsetBytes) || !Number.isSafeInteger(lengthBytes)) return false;
  return offsetBytes >= 0 && lengthBytes >= 0 && lengthBytes <= sizeBytes - offsetBytes;
}

/** A source over bytes in memory; reads are views of them. */
export function bytesSource(bytes: Uint8Array): BlockSource {
  return {
    sizeBytes: bytes.length,
    async read(offsetBytes, lengthBytes, signal) {
      signal?.throwIfAborted();
      checkRange(bytes.length, offsetBytes, lengthBytes);
      return bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
    },
  };
}

/** `source` followed by zeros up to a multiple of `unitBytes`, so that a block device of whole sectors shows all of it. */
export function zeroPadded(source: BlockSource, unitBytes: number): BlockSource {
  return zeroExtended(source, Math.ceil(source.sizeBytes / unitBytes) * unitBytes);
}

/** `source` followed by zeros up to `sizeBytes`; the source itself when it is as large. */
export function zeroExtended(source: BlockSource, sizeBytes: number): BlockSource {
  if (sizeBytes === source.sizeBytes) return source;
  if (sizeBytes < source.sizeBytes) {
    throw new ViverError('BLOCK_RANGE', `a source of ${source.sizeBytes} bytes does not fit into ${sizeBytes}`);
  }
  return {
    sizeBytes,
    async read(offsetBytes, lengthBytes, signal) {
      checkRange(sizeBytes, offsetBytes, lengthBytes);
      const inside = Math.max(0, Math.min(lengthBytes, source.sizeBytes - offsetBytes));
      if (inside === lengthBytes && inside > 0) return source.read(offsetBytes, lengthBytes, signal);
      const bytes = new Uint8Array(lengthBytes);
      if (inside > 0) bytes.set(await source.read(offsetBytes, inside, signal));
      return bytes;
    },
  };
}
