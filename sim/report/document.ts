// Puts a report into its place in a page of the documentation: between `<!-- NAME -->` and `<!-- /NAME -->`. What stands around is written by hand.

import { readFileSync, writeFileSync } from 'node:fs';
import type { Report } from './report.ts';
import { formatMarkdown } from './table.ts';

/** Replaces the part of `file` that is the report's. @throws Error when the page has no place for it. */
export function writePart(file: string, report: Report): void {
  writeFileSync(file, withPart(readFileSync(file, 'utf8'), report));
}

export function withPart(page: string, { name, conditions, tables, plots }: Report): string {
  const images = Object.entries(plots).map(([image, { title }]) => `![${title}](img/${image}.svg)`);
  return replacePart(page, name, [conditions, ...tables.map(formatMarkdown), ...images].join('\n\n'));
}

/** @throws Error when the page has no place of that name. */
export function replacePart(page: string, name: string, text: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [page.indexOf(open), page.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`the page has no ${open} and ${close}`);
  return `${page.slice(0, start)}${open}\n\n${text}\n\n${page.slice(end)}`;
}
