// What every benchmark does with its figures: medians, one row per measurement against the peers, and the file under bench/results.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

const RESULTS_DIRECTORY = join(import.meta.dirname, 'results');
/** First words of the rows of a file that several benchmarks fill, in the order in which they are read. */
const MERGED_ORDER = ['nbd', 'transfer', 'room', 'egress', 'fault'];

/** One measurement: figures of all runs, those at the same place taken side by side. */
export interface Measurement {
  readonly name: string;
  readonly unit: string;
  readonly lowerIsBetter: boolean;
  /** The ratio to the best peer that is to be reached. */
  readonly goal: number;
  readonly ours: readonly number[];
  /** Those that `ours` is compared with. */
  readonly peers: Readonly<Record<string, readonly number[]>>;
  /** Shown beside the peers, but not compared with. */
  readonly others?: Readonly<Record<string, readonly number[]>>;
}

export interface ResultRow {
  readonly name: string;
  readonly unit: string;
  /** Median of the runs, as are those of the peers. */
  readonly ours: number;
  readonly peers: Readonly<Record<string, number>>;
  /** Ours by the best peer: the median of the runs' ratios, so that a busy moment of the machine hits both sides. */
  readonly ratio: number;
  readonly lowerIsBetter: boolean;
  readonly goal: number;
  /** The smallest and the largest of the runs' ratios. */
  readonly spread: readonly [number, number];
}

/** What bench/results/NAME.json holds. */
export interface Result {
  readonly machine: string;
  /** As `Date` writes it, in UTC. */
  readonly date: string;
  readonly commit: string;
  readonly rows: readonly ResultRow[];
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

export function resultRow(measurement: Measurement): ResultRow {
  const { name, unit, lowerIsBetter, goal, ours, peers, others = {} } = measurement;
  const best = lowerIsBetter ? Math.min : Math.max;
  const ratios = ours.map((value, at) => value / best(...Object.values(peers).map((figures) => figures[at]!)));
  const shown = Object.entries({ ...others, ...peers });
  return {
    name,
    unit,
    ours: rounded(median(ours)),
    peers: Object.fromEntries(shown.map(([peer, figures]) => [peer, rounded(median(figures))])),
    ratio: rounded(median(ratios)),
    lowerIsBetter,
    goal,
    spread: [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))],
  };
}

/** One line for the terminal. */
export function formatRow({ name, ours, unit, ratio, goal, lowerIsBetter, peers }: ResultRow): string {
  const others = Object.entries(peers).map(([peer, value]) => `${peer} ${value}`);
  const wish = `${lowerIsBetter ? 'at most' : 'at least'} ${goal} wanted`;
  return `${name.padEnd(14)} ${ours} ${unit}, ${ratio} of the best peer (${wish}) | ${others.join(', ')}`;
}

/** Writes bench/results/NAME.json, with the machine, the date and the commit. */
export function writeResult(name: string, runs: number, rows: readonly ResultRow[]): void {
  mkdirSync(RESULTS_DIRECTORY, { recursive: true });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    encoding: 'utf8',
    cwd: RESULTS_DIRECTORY,
  }).trim();
  const machine = `${cpus().length} x ${cpus()[0]!.model}, Node ${process.versions.node}, ${runs} runs`;
  const result: Result = { machine, date: new Date().toISOString(), commit, rows };
  writeFileSync(fileOf(name), `${JSON.stringify(result, null, 2)}\n`);
}

/**
 * The same for a file that several benchmarks fill: rows whose first word is that of a new one are replaced, the others stay.
 * So a benchmark's rows share a first word of their own.
 */
export function mergeResult(name: string, runs: number, rows: readonly ResultRow[]): void {
  const renewed = new Set(rows.map((row) => firstWord(row)));
  const before = readResult(name)?.rows ?? [];
  const others = before.filter((row) => !renewed.has(firstWord(row)));
  const place = (row: ResultRow): number => MERGED_ORDER.indexOf(firstWord(row)) >>> 0;
  writeResult(
    name,
    runs,
    [...others, ...rows].sort((a, b) => place(a) - place(b)),
  );
}

/** bench/results/NAME.json; undefined when nobody has measured yet. */
export function readResult(name: string): Result | undefined {
  return existsSync(fileOf(name)) ? JSON.parse(readFileSync(fileOf(name), 'utf8')) : undefined;
}

export function isReached({ ratio, goal, lowerIsBetter }: ResultRow): boolean {
  return lowerIsBetter ? ratio <= goal : ratio >= goal;
}

const fileOf = (name: string): string => join(RESULTS_DIRECTORY, `${name}.json`);
const firstWord = ({ name }: ResultRow): string => name.split(' ')[0]!;
const rounded = (value: number): number => Number(value.toPrecision(4));
