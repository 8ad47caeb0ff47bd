// Rooms that boot at once, in the simulator: the time of the last of N machines beside one NBD server and one HTTP server on the same network, what the
// first node sends, and the fault runs. One seed is one run, and both servers serve the same boot in it. It says nothing about disks or the kernel.
//
//   bench/room.bench.ts [RUNS] [ROOMS]        adds its rows to bench/results/field.json

import { runFaults } from '../sim/faults/fault-room.ts';
import { makeBootImage } from '../sim/scenarios/boot-image.ts';
import { type FaultTotals, totalsOf } from '../sim/scenarios/faults.ts';
import { measureStorm, type StormFigures } from '../sim/scenarios/storm.ts';
import { formatRow, mergeResult, type ResultRow, resultRow } from './results.ts';

const RUNS = Number(process.argv[2] ?? 5);
const ROOMS = Number(process.argv[3] ?? 200);
const NODES = [1, 2, 4, 8, 16] as const;
const IMAGE_MEBIBYTES = 64;
const GOAL = 1.3;
const RETURN_GOAL_MS = 2_000;

/** By number of nodes, the figures of all runs. */
async function measureStorms(): Promise<Map<number, StormFigures[]>> {
  const figures = new Map<number, StormFigures[]>(NODES.map((nodes) => [nodes, []]));
  for (let seed = 1; seed <= RUNS; seed++) {
    const boot = await makeBootImage({ mebibytes: IMAGE_MEBIBYTES, seed, trace: true });
    for (const nodes of NODES) figures.get(nodes)!.push(await measureStorm(boot, nodes, { seed, staggerMs: 0 }));
  }
  return figures;
}

function stormRows(figures: ReadonlyMap<number, StormFigures[]>): ResultRow[] {
  const column = (nodes: number, value: (figure: StormFigures) => number) => figures.get(nodes)!.map(value);
  const boots = NODES.map((nodes) =>
    resultRow({
      name: `room boot of the last of ${nodes}`,
      unit: 'ms',
      lowerIsBetter: true,
      goal: 1,
      ours: column(nodes, ({ lastMs }) => lastMs),
      peers: {
        'one NBD server': column(nodes, ({ nbdMs }) => nbdMs),
        'one HTTP server': column(nodes, ({ httpMs }) => httpMs),
      },
    }),
  );
  const growth = resultRow({
    name: 'room boot of 16 by that of 1',
    unit: 'ms',
    lowerIsBetter: true,
    goal: GOAL,
    ours: column(16, ({ lastMs }) => lastMs),
    peers: { 'one machine': column(1, ({ lastMs }) => lastMs) },
  });
  const egress = NODES.map((nodes) =>
    resultRow({
      name: `egress of the first for ${nodes}`,
      unit: 'images',
      lowerIsBetter: true,
      goal: GOAL,
      ours: column(nodes, ({ egress }) => egress),
      peers: { 'one image': column(nodes, () => 1) },
      others: { 'an NBD server': column(nodes, ({ nbdEgress }) => nbdEgress) },
    }),
  );
  return [...boots, growth, ...egress];
}

async function measureFaults(): Promise<FaultTotals> {
  const results = [];
  for (let seed = 1; seed <= ROOMS; seed++) results.push(await runFaults(seed));
  return totalsOf(results);
}

/** The totals of all rooms are one run; a count is shown beside the reads that were tried. */
function faultRows({ reads, wrong, stuck, longestAfterReturnMs }: FaultTotals): ResultRow[] {
  const row = (name: string, unit: string, goal: number, ours: number, peer: string, value: number): ResultRow =>
    resultRow({ name, unit, lowerIsBetter: true, goal, ours: [ours], peers: { [peer]: [value] } });
  return [
    row('fault wrong answers', 'reads', 0, wrong, 'reads tried', reads),
    row('fault reads never answered', 'reads', 0, stuck, 'reads tried', reads),
    row('fault longest stall after return', 'ms', 1, longestAfterReturnMs, 'wanted at most', RETURN_GOAL_MS),
  ];
}

const rows = [...stormRows(await measureStorms()), ...faultRows(await measureFaults())];
for (const row of rows) console.log(formatRow(row));
mergeResult('field', RUNS, rows);
