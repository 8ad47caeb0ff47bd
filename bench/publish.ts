// Puts bench/results/field.json and runes.json where people look: the tables of docs/benchmarks.md, and bars of the NBD and transfer rows under docs/img/.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replacePart } from '../sim/report/document.ts';
import { formatMarkdown, type Table } from '../sim/report/table.ts';
import { formatBars } from './bars.ts';
import { isReached, type Result, type ResultRow, readResult } from './results.ts';

const DOCS = join(import.meta.dirname, '../docs');
const PAGE = join(DOCS, 'benchmarks.md');
const CHARTS = {
  nbd: 'Reads from memory over NBD',
  transfer: 'A disk image from process to process, MiB/s',
};

const result = readResult('field');
if (!result) throw new Error('nothing measured yet: make bench-field');
for (const [word, title] of Object.entries(CHARTS)) {
  const rows = result.rows.filter(({ name }) => name.startsWith(`${word} `));
  const groups = rows.map((row) => ({ title: `${row.name.slice(word.length + 1)}, ${row.unit}`, bars: barsOf(row) }));
  writeFileSync(join(DOCS, `img/field-${word}.svg`), formatBars(title, groups));
}
publish('field', 'V-FIELD', result);
const runes = readResult('runes');
if (runes) publish('runes', 'RUNES', runes);

function publish(place: string, title: string, what: Result): void {
  const text = `${conditionsOf(what)}\n\n${formatMarkdown(tableOf(title, what))}`;
  writeFileSync(PAGE, replacePart(readFileSync(PAGE, 'utf8'), place, text));
}

function barsOf({ ours, peers }: ResultRow): { name: string; value: number }[] {
  return [{ name: 'Viver', value: ours }, ...Object.entries(peers).map(([name, value]) => ({ name, value }))];
}

function conditionsOf({ machine, date, commit }: Result): string {
  return `${machine}; ${date.slice(0, 10)}, commit ${commit}.`;
}

function tableOf(title: string, { rows }: Result): Table {
  const columns = ['', 'unit', 'ours', 'peers', 'ratio', 'from … to', 'wanted', ''].map((heading) => ({
    title: heading,
  }));
  return { title, columns, rows: rows.map(cellsOf) };
}

function cellsOf(row: ResultRow): string[] {
  const { name, unit, ours, peers, ratio, spread, lowerIsBetter, goal } = row;
  const others = Object.entries(peers).map(([peer, value]) => `${peer} ${value.toLocaleString('en-US')}`);
  const wanted = `${lowerIsBetter ? 'at most' : 'at least'} ${goal}`;
  const verdict = isReached(row) ? 'reached' : 'missed';
  return [name, unit, ours.toLocaleString('en-US'), others.join(', '), `${ratio}`, spread.join(' … '), wanted, verdict];
}
