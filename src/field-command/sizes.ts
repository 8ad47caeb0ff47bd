// Sizes and speeds for people. Pure.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `15.0 MiB`; whole bytes below one KiB. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

/** `48.0 MiB in 384 pieces`. */
export function formatImageSize(image: { readonly lengthBytes: number; readonly pieceCount: number }): string {
  return `${formatBytes(image.lengthBytes)} in ${formatCount(image.pieceCount, 'piece')}`;
}

/** `1 piece`, `2 pieces`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
