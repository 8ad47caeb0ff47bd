// A bounds-checked byte cursor, the base of every codec. Big-endian unless the name ends in `le`. Pure.
// A read past the end throws ViverError with the reader's code and the offset, so that a log line says where a packet ended.

import { ViverError } from '../errors.ts';

/** Reads fields one after the other from `bytes`; every read is checked against the end. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #code: string;
  #offset = 0;

  /** @param code What a read past the end throws, by the protocol that is read: `NBD_SHORT`. */
  constructor(bytes: Uint8Array, code: string) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = code;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u16le(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u32le(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  u64le(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A view of the next `length` bytes, not a copy. The caller has checked `length` against a named limit. */
  take(length: number): Uint8Array {
    const start = this.#take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** The next `length` bytes as text; bytes that are no UTF-8 become U+FFFD. */
  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length < 0 || length > this.bytes.length - start) {
      throw new ViverError(
        this.#code,
        `${this.#code}: ${length} bytes wanted at offset ${start}, ${this.bytes.length - start} there`,
        {
          details: { offset: start, wanted: length, length: this.bytes.length },
        },
      );
    }
    this.#offset = start + length;
    return start;
  }
}

/** Writes fields one after the other; grows as needed. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#view.setUint16(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#room(8);
    this.#view.setBigUint64(at, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    const start = this.#room(value.length);
    this.#bytes.set(value, start);
    return this;
  }

  text(value: string): this {
    return this.bytes(new TextEncoder().encode(value));
  }

  zeros(count: number): this {
    const start = this.#room(count);
    this.#bytes.fill(0, start, start + count);
    return this;
  }

  /** What was written, as a view; the writer must not be used after. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Takes space for `count` bytes. Growing replaces the view, so callers must look at `#view` only after this. */
  #room(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return start;
  }
}
