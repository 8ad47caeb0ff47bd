// The first bytes of a squashfs as tests need them; the layout is that of struct squashfs_super_block.

/** 96 bytes of superblock: zstd, blocks of 128 KiB. */
export function squashfsHead({
  bytesUsed,
  createdSeconds = 0,
}: {
  bytesUsed: number;
  createdSeconds?: number;
}): Uint8Array {
  const bytes = new Uint8Array(96);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('hsqs'));
  view.setUint32(4, 15_943, true);
  view.setUint32(8, createdSeconds, true);
  view.setUint32(12, 131_072, true);
  view.setUint16(20, 6, true);
  view.setUint16(28, 4, true);
  view.setBigUint64(40, BigInt(bytesUsed), true);
  return bytes;
}
