// Copying blocks: `set` of a typed array goes word by word as soon as one of the two lies in shared memory, which takes twice as long.

const copy = Buffer.prototype.copy;

/** Copies `source`, from `start` up to `end`, into `target` at `at`. Both may be any kind of byte array. */
export function copyBytes(source: Uint8Array, target: Uint8Array, at: number, start = 0, end = source.length): void {
  copy.call(source, target, at, start, end);
}
