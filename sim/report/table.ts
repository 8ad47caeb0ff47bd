// Tables of figures, for the terminal and for a page of the documentation. Pure.

export interface Column {
  readonly title: string;
  /** Digits after the point; text is shown as it is. */
  readonly digits?: number;
}

export type Cell = string | number | undefined;

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export function formatText(table: Table): string {
  const lines = [table.columns.map(({ title }) => title), ...textRows(table)];
  const widths = table.columns.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  const padded = lines.map((line) => line.map((text, at) => text.padStart(widths[at]!)).join('  '));
  return [table.title, ...padded].join('\n');
}

export function formatMarkdown(table: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = line(table.columns.map(({ title }) => title));
  const isText = (at: number): boolean => typeof table.rows[0]?.[at] === 'string';
  const rule = line(table.columns.map((_, at) => (isText(at) ? ':---' : '---:')));
  return [`**${table.title}**`, '', head, rule, ...textRows(table).map(line)].join('\n');
}

function textRows({ columns, rows }: Table): string[][] {
  return rows.map((row) => row.map((cell, at) => textOf(cell, columns[at]!.digits)));
}

function textOf(cell: Cell, digits = 0): string {
  if (cell === undefined) return '';
  if (typeof cell === 'string') return cell;
  return Number.isFinite(cell) ? withCommas(cell.toFixed(digits)) : '–';
}

function withCommas(number: string): string {
  return number.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}
