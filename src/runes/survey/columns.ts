// Rows as columns for a terminal. Pure.

/** Each column as wide as its widest text, two spaces between; no spaces at the ends of lines. */
export function formatColumns(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, text.length);
  }
  const line = (row: readonly string[]) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => `${indent}${line(row)}`.trimEnd().concat('\n')).join('');
}
