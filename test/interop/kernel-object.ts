// Writes the smallest kernel module that depmod(8) takes: a relocatable ELF64 object for x86-64 with .modinfo, the strings of what it
// exports, and undefined symbols for what it needs. Layouts: elf(5). It cannot be loaded; it lets a test make real tables.

export interface KernelObject {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly softdeps?: readonly string[];
  /** Symbols that it offers to others. */
  readonly exports?: readonly string[];
  /** Symbols of others: depmod makes dependencies of them. */
  readonly needs?: readonly string[];
}

const HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const SectionType = { progbits: 1, symbols: 2, strings: 3 } as const;

interface Section {
  readonly name: string;
  readonly type: number;
  readonly bytes: Buffer;
  readonly link?: number;
  readonly entryBytes?: number;
}

export function encodeKernelObject(object: KernelObject): Buffer {
  const info = [
    ...object.aliases.map((alias) => `alias=${alias}`),
    ...(object.softdeps ?? []).map((softdep) => `softdep=${softdep}`),
    'license=GPL',
    `name=${object.name}`,
  ];
  const needs = object.needs ?? [];
  const sections: Section[] = [
    { name: '.modinfo', type: SectionType.progbits, bytes: strings(info) },
    { name: '__ksymtab_strings', type: SectionType.progbits, bytes: strings(object.exports ?? []) },
    { name: '.symtab', type: SectionType.symbols, bytes: undefinedSymbols(needs), link: 4, entryBytes: SYMBOL_BYTES },
    { name: '.strtab', type: SectionType.strings, bytes: strings(['', ...needs]) },
  ];
  return assemble(sections);
}

function strings(texts: readonly string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1');
}

/** Elf64_Sym: name(4) info(1) other(1) section(2) value(8) size(8); the first one is null, the others global and in no section. */
function undefinedSymbols(names: readonly string[]): Buffer {
  const bytes = Buffer.alloc(SYMBOL_BYTES * (names.length + 1));
  let offset = 1;
  for (const [at, name] of names.entries()) {
    bytes.writeUInt32LE(offset, SYMBOL_BYTES * (at + 1));
    bytes.writeUInt8(0x10, SYMBOL_BYTES * (at + 1) + 4);
    offset += name.length + 1;
  }
  return bytes;
}

function assemble(given: readonly Section[]): Buffer {
  const names = strings(['', ...given.map(({ name }) => name), '.shstrtab']);
  const sections = [...given, { name: '.shstrtab', type: SectionType.strings, bytes: names } satisfies Section];
  const headers: Uint8Array[] = [Buffer.alloc(SECTION_HEADER_BYTES)];
  const bodies: Uint8Array[] = [];
  let offset = HEADER_BYTES;
  let nameOffset = 1;
  for (const { name, type, bytes, link, entryBytes } of sections as readonly Section[]) {
    const body = Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
    headers.push(sectionHeader({ nameOffset, type, offset, size: bytes.length, link, entryBytes }));
    bodies.push(body);
    offset += body.length;
    nameOffset += name.length + 1;
  }
  return Buffer.concat([fileHeader(offset, headers.length), ...bodies, ...headers]);
}

interface SectionPlace {
  readonly nameOffset: number;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link?: number;
  readonly entryBytes?: number;
}

/** Elf64_Shdr. */
function sectionHeader({ nameOffset, type, offset, size, link, entryBytes }: SectionPlace): Buffer {
  const header = Buffer.alloc(SECTION_HEADER_BYTES);
  header.writeUInt32LE(nameOffset, 0);
  header.writeUInt32LE(type, 4);
  header.writeBigUInt64LE(BigInt(offset), 24);
  header.writeBigUInt64LE(BigInt(size), 32);
  header.writeUInt32LE(link ?? 0, 40);
  header.writeUInt32LE(1, 44);
  header.writeBigUInt64LE(8n, 48);
  header.writeBigUInt64LE(BigInt(entryBytes ?? 0), 56);
  return header;
}

/** Elf64_Ehdr: little endian, ET_REL, EM_X86_64. */
function fileHeader(sectionHeadersAt: number, count: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(1, 16);
  header.writeUInt16LE(62, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(sectionHeadersAt), 40);
  header.writeUInt16LE(HEADER_BYTES, 52);
  header.writeUInt16LE(SECTION_HEADER_BYTES, 58);
  header.writeUInt16LE(count, 60);
  header.writeUInt16LE(count - 1, 62);
  return header;
}
