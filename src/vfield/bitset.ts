// A set of piece numbers, one bit each, in the order of BEP 3's bitfield: piece 0 is the highest bit of the first byte. Pure.

export class BitSet {
  readonly size: number;
  readonly bytes: Uint8Array;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.bytes = new Uint8Array(Math.ceil(size / 8));
  }

  /** How many are in the set. */
  get count(): number {
    return this.#count;
  }

  has(index: number): boolean {
    return ((this.bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }

  /** @returns false when it was there already or is out of range. */
  add(index: number): boolean {
    if (index < 0 || index >= this.size || this.has(index)) return false;
    this.bytes[index >> 3]! |= 0x80 >> (index & 7);
    this.#count++;
    return true;
  }

  /** @returns false when it was not there. */
  delete(index: number): boolean {
    if (!this.has(index)) return false;
    this.bytes[index >> 3]! &= ~(0x80 >> (index & 7));
    this.#count--;
    return true;
  }

  /** Takes over a bitfield message; bits beyond the size are left out. @returns false when the length is wrong. */
  load(bitfield: Uint8Array): boolean {
    if (bitfield.length !== this.bytes.length) return false;
    this.bytes.set(bitfield);
    const spare = this.bytes.length * 8 - this.size;
    if (spare > 0) this.bytes[this.bytes.length - 1]! &= 0xff << spare;
    this.#count = 0;
    for (const byte of this.bytes) this.#count += bitsOf(byte);
    return true;
  }

  fill(): void {
    this.load(new Uint8Array(this.bytes.length).fill(0xff));
  }

  clear(): void {
    this.bytes.fill(0);
    this.#count = 0;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < this.size; index++) if (this.has(index)) yield index;
  }
}

function bitsOf(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
}
