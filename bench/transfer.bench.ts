// A disk image from one process to another over loopback TCP, from memory to memory, every piece verified: two of our nodes beside libtorrent, aria2 and
// Transmission moving the same bytes, and beside bare copies that verify nothing. The ways take turns within each run; figures are medians
// over the runs, the ratio is the median of the runs' ratios to the best peer. All share this machine's processors: it says what moving costs, not what
// a network does.
//
//   bench/transfer.bench.ts [RUNS]        writes the transfer rows of bench/results/field.json

import { formatRow, mergeResult, resultRow } from './results.ts';
import { Aria2, Libtorrent, Transmission, ViverNodes } from './transfer/clients.ts';
import { CONTENT_BYTES, type Content, makeContent } from './transfer/content.ts';
import { COPIES } from './transfer/copies.ts';
import { enterOwnNetwork } from './transfer/own-network.ts';
import type { Way } from './transfer/way.ts';

const RUNS = Number(process.argv[2] ?? 5);
/** Slower than ours by this factor. */
const FAR_BEHIND = 10;
const OURS = new ViverNodes();
const CLIENTS: readonly Way[] = [new Libtorrent(), new Aria2(), new Transmission()];
const WAYS = [OURS, ...CLIENTS, ...COPIES];

enterOwnNetwork();
const figures = new Map(WAYS.map((way) => [way, [] as number[]]));
const content = await makeContent();
const stops: (() => Promise<void>)[] = [];
try {
  for (const way of WAYS) stops.push(await way.start(content));
  for (let run = 0; run < RUNS; run++) for (const way of WAYS) figures.get(way)!.push(await figureOf(way, content));
} finally {
  for (const stop of stops) await stop();
  content.remove();
}
const of = (ways: readonly Way[]) => Object.fromEntries(ways.map((way) => [way.name, figures.get(way)!]));
const common = { unit: 'MiB/s', lowerIsBetter: false, ours: figures.get(OURS)! };
const rows = [
  resultRow({ ...common, name: 'transfer verified', goal: 1, peers: of(CLIENTS) }),
  resultRow({ ...common, name: 'transfer by a bare TCP copy', goal: 0.5, peers: of(COPIES) }),
];
for (const row of rows) console.log(formatRow(row));
mergeResult('field', RUNS, rows);

/** One that takes minutes for what others do in seconds is measured once: it decides nothing, and the others' runs should lie close together. */
async function figureOf(way: Way, content: Content): Promise<number> {
  const known = figures.get(way)![0];
  const isFarBehind = known !== undefined && known * FAR_BEHIND < figures.get(OURS)![0]!;
  return isFarBehind ? known : measure(way, content);
}

/** MiB/s of one transfer. What it leaves is compared with the content, then removed. */
async function measure(way: Way, content: Content): Promise<number> {
  const rate = CONTENT_BYTES / 2 ** 20 / (await way.receive(content));
  console.log(`${way.name.padEnd(14)} ${rate.toFixed(0)} MiB/s`);
  if (way.leaves) content.check(way.name);
  return rate;
}
