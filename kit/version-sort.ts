// Order of kernel releases: numbers by value, `~` before anything (Debian Policy 5.6.12 without epochs). Pure.

/** Negative when `a` is older than `b`; for Array.sort. */
export function compareReleases(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = comparePart(left[index] ?? '', right[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(a: string, b: string): number {
  if (a === b) return 0;
  if (a.startsWith('~')) return -1;
  if (b.startsWith('~')) return 1;
  const bothNumbers = /^\d/.test(a) && /^\d/.test(b);
  if (bothNumbers) return Number(a) - Number(b);
  return a < b ? -1 : 1;
}
