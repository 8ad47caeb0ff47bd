// cpio-stream 1.4.3 ships no types. Only what build/cpio/write.ts uses, the overridden members included.

declare module 'cpio-stream' {
  import type { Readable, Writable } from 'node:stream';

  /** What the package hands to its header encoder; fields that a caller sets beside its own pass through. */
  export interface PackHeader {
    name: string;
    type?: string;
    mode?: number;
    size?: number;
    linkname?: string;
    [field: string]: unknown;
  }

  export interface Pack extends Readable {
    entry(header: PackHeader, callback: (error?: Error) => void): Writable | undefined;
    entry(header: PackHeader, data: Uint8Array, callback: (error?: Error) => void): Writable | undefined;
    finalize(): void;
    _encode(header: PackHeader): Uint8Array;
    _push(data: Uint8Array): boolean;
  }

  const cpio: { pack(options: { format: 'newc' | 'odc' }): Pack };
  export default cpio;
}
