// Reads what the build needs of a 64-bit little-endian ELF file (System V gABI, elf(5)): its loader, the libraries it names, where a
// symbol's bytes lie, and a section by name. Pure; every offset of the file is checked before it is used.

import { ViverError } from '../../src/errors.ts';

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly address: number;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Index of the section that holds this one's strings. */
  readonly link: number;
}

export interface ElfFile {
  /** e_machine; 62 is x86-64. */
  readonly machine: number;
  readonly sections: readonly ElfSection[];
  readonly bytes: Buffer;
}

const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const DYNAMIC_BYTES = 16;
const SYMBOL_BYTES = 24;
const STRING_TABLE_INDEX_OFFSET = 62;
const DynamicTag = { needed: 1n, runPathOld: 15n, runPath: 29n } as const;

/** True when the bytes begin like an ELF file that this room reads. */
export function isElf(bytes: Uint8Array): boolean {
  return (
    bytes.length >= HEADER_BYTES && Buffer.from(bytes.subarray(0, 6)).equals(Buffer.from('\x7fELF\x02\x01', 'latin1'))
  );
}

/** @throws ViverError ELF_BAD for anything that is no whole 64-bit little-endian ELF file. */
export function parseElf(given: Uint8Array): ElfFile {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  if (!isElf(bytes)) throw bad('no 64-bit little-endian ELF file');
  const start = offset64(bytes, 40);
  const count = bytes.readUInt16LE(60);
  if (bytes.readUInt16LE(58) !== SECTION_BYTES && count > 0) throw bad('section headers of unknown size');
  range(bytes, start, count * SECTION_BYTES, 'section headers');
  const raw = Array.from({ length: count }, (_, index) => readSection(bytes, start + index * SECTION_BYTES));
  const names = raw[bytes.readUInt16LE(STRING_TABLE_INDEX_OFFSET)];
  const sections = raw.map((section) => ({ ...section, name: names ? text(bytes, names, section.nameOffset) : '' }));
  return { machine: bytes.readUInt16LE(18), sections, bytes };
}

/** A section's bytes, as a view; undefined when there is no section of that name. */
export function sectionBytes(elf: ElfFile, name: string): Buffer | undefined {
  const section = elf.sections.find((one) => one.name === name);
  return section && range(elf.bytes, section.offset, section.sizeBytes, name);
}

/** The program loader of PT_INTERP; undefined for a static program or a library. */
export function interpreter(elf: ElfFile): string | undefined {
  return sectionBytes(elf, '.interp')?.toString('utf8').replace(/\0.*$/s, '');
}

/** Names in DT_NEEDED, and directories of DT_RUNPATH or DT_RPATH. */
export function dynamicNames(elf: ElfFile): { needed: string[]; runPath: string[] } {
  const dynamic = elf.sections.find((section) => section.name === '.dynamic');
  const strings = dynamic && elf.sections[dynamic.link];
  const result = { needed: [] as string[], runPath: [] as string[] };
  if (!dynamic || !strings) return result;
  const table = range(elf.bytes, dynamic.offset, dynamic.sizeBytes, '.dynamic');
  for (let at = 0; at + DYNAMIC_BYTES <= table.length; at += DYNAMIC_BYTES) {
    const tag = table.readBigUInt64LE(at);
    if (tag === 0n) break;
    const value = () => text(elf.bytes, strings, offset64(table, at + 8));
    if (tag === DynamicTag.needed) result.needed.push(value());
    if (tag === DynamicTag.runPath || tag === DynamicTag.runPathOld) result.runPath.push(...value().split(':'));
  }
  return result;
}

/** Where the bytes of an exported object lie in the file; undefined when the symbol or its size is not there. */
export function symbolRange(elf: ElfFile, symbol: string): { offset: number; sizeBytes: number } | undefined {
  const table = elf.sections.find((section) => section.name === '.dynsym');
  const strings = table && elf.sections[table.link];
  if (!table || !strings) return undefined;
  const symbols = range(elf.bytes, table.offset, table.sizeBytes, '.dynsym');
  for (let at = 0; at + SYMBOL_BYTES <= symbols.length; at += SYMBOL_BYTES) {
    const home = elf.sections[symbols.readUInt16LE(at + 6)];
    const sizeBytes = offset64(symbols, at + 16);
    if (sizeBytes === 0 || !home || text(elf.bytes, strings, symbols.readUInt32LE(at)) !== symbol) continue;
    const offset = home.offset + offset64(symbols, at + 8) - home.address;
    range(elf.bytes, offset, sizeBytes, symbol);
    return { offset, sizeBytes };
  }
  return undefined;
}

function readSection(bytes: Buffer, at: number) {
  return {
    nameOffset: bytes.readUInt32LE(at),
    type: bytes.readUInt32LE(at + 4),
    address: offset64(bytes, at + 16),
    offset: offset64(bytes, at + 24),
    sizeBytes: offset64(bytes, at + 32),
    link: bytes.readUInt32LE(at + 40),
  };
}

function text(bytes: Buffer, strings: { offset: number; sizeBytes: number }, at: number): string {
  const table = range(bytes, strings.offset, strings.sizeBytes, 'a string table');
  const end = at < table.length ? table.indexOf(0, at) : -1;
  if (end < 0) throw bad(`string ${at} lies outside of its table`);
  return table.toString('utf8', at, end);
}

function offset64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function range(bytes: Buffer, offset: number, length: number, what: string): Buffer {
  if (offset < 0 || length < 0 || offset + length > bytes.length) throw bad(`${what} lies outside of the file`);
  return bytes.subarray(offset, offset + length);
}

function bad(why: string): ViverError {
  return new ViverError('ELF_BAD', `ELF: ${why}`);
}
