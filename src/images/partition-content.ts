// What lies in a partition, for those who do not look for images: file systems as filesystems.ts tells them, and beside them swap, hibernated systems
// and the containers that nobody may touch. Pure; linux/include/linux/swap.h, linux/kernel/power/swap.c, cryptsetup's LUKS specifications.

import { type FileSystemType, type FoundFileSystem, probeFileSystem } from './filesystems.ts';

/** `swsuspend`: a swap partition that holds a hibernated system, in the words of blkid; so are the containers' names. */
export const OTHER_CONTENT_TYPES = ['swap', 'swsuspend', 'crypto_LUKS', 'LVM2_member', 'BitLocker'] as const;
export type ContentType = FileSystemType | (typeof OTHER_CONTENT_TYPES)[number];

export type PartitionContent = Omit<FoundFileSystem, 'type'> & { readonly type: ContentType };

/** x86's page, and the only one that its kernel takes swap of. */
const PAGE_BYTES = 4096;
const SIGNATURE_BYTES = 10;
/** The kernel's own, uswsusp's, and TuxOnIce's: what must not be used as swap until its system was woken. */
const HIBERNATION = ['S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB0001'];

/** @param bytes The first PROBE_BYTES, or all of the partition. */
export function probeContent(bytes: Uint8Array): PartitionContent | undefined {
  const container = probeContainer(bytes);
  // A partition that was swap once and has a file system now is no swap.
  return container ? { type: container } : (probeFileSystem(bytes) ?? probeSwap(bytes));
}

function probeContainer(bytes: Uint8Array): 'crypto_LUKS' | 'LVM2_member' | 'BitLocker' | undefined {
  if (ascii(bytes, 0, 4) === 'LUKS' && bytes[4] === 0xba && bytes[5] === 0xbe) return 'crypto_LUKS';
  if (ascii(bytes, 3, 8) === '-FVE-FS-') return 'BitLocker';
  // LVM2's label lies in one of the first four sectors.
  return [0, 512, 1024, 1536].some((at) => ascii(bytes, at, 8) === 'LABELONE') ? 'LVM2_member' : undefined;
}

/** union swap_header: the signature ends the first page; the UUID stands at 1036, the label at 1052. */
function probeSwap(bytes: Uint8Array): PartitionContent | undefined {
  const signature = ascii(bytes, PAGE_BYTES - SIGNATURE_BYTES, SIGNATURE_BYTES);
  if (HIBERNATION.some((mark) => signature.startsWith(mark))) return { type: 'swsuspend' };
  const version = bytes[1024];
  if (signature !== 'SWAPSPACE2' || version !== 1) return undefined;
  const label = ascii(bytes, 1052, 16).replace(/\0.*$/s, '');
  const id = bytes.slice(1036, 1052);
  const uuid = id.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { type: 'swap', ...(label ? { label } : {}), ...(id.some((byte) => byte !== 0) ? { uuid } : {}) };
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
