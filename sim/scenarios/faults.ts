// Rooms in which everything goes wrong, one for each seed: what came back wrong, what never came, and how long readers stood after the last holder's return.

import { type FaultResult, runFaults } from '../faults/fault-room.ts';
import { quantile } from '../report/figures.ts';
import type { Report } from '../report/report.ts';
import type { Scenario } from './scenario.ts';

const RUNS = 200;
const GOAL_MS = 2_000;

export const faultScenario: Scenario = {
  name: 'faults',
  help: 'five nodes that lose power, links and speed beside peers that lie, boast, stall and talk nonsense; one room for each seed (RUNS)',
  run: async ({ seed, runs = RUNS, progress }) => {
    const results: FaultResult[] = [];
    for (let at = seed; at < seed + runs; at++) {
      const result = await runFaults(at);
      results.push(result);
      if (result.wrong + result.stuck > 0 || result.longestAfterReturnMs > GOAL_MS) progress(JSON.stringify(result));
    }
    return reportOf(results);
  },
};

export interface FaultTotals {
  readonly seeds: number;
  readonly reads: number;
  readonly wrong: number;
  readonly stuck: number;
  readonly waitedForHolder: number;
  readonly longestAfterReturnMs: number;
}

export function totalsOf(results: readonly FaultResult[]): FaultTotals {
  const sum = (value: (result: FaultResult) => number): number => results.reduce((total, one) => total + value(one), 0);
  return {
    seeds: results.length,
    reads: sum(({ reads }) => reads),
    wrong: sum(({ wrong }) => wrong),
    stuck: sum(({ stuck }) => stuck),
    waitedForHolder: sum(({ waitedForHolder }) => waitedForHolder),
    longestAfterReturnMs: Math.max(...results.map(({ longestAfterReturnMs }) => longestAfterReturnMs)),
  };
}

function reportOf(results: readonly FaultResult[]): Report {
  const totals = totalsOf(results);
  const stalls = results.map(({ longestAfterReturnMs }) => longestAfterReturnMs);
  const [first, last] = [results[0]!.seed, results.at(-1)!.seed];
  const points = stalls.toSorted((a, b) => a - b).map((ms, at) => [(100 * (at + 1)) / stalls.length, ms] as const);
  return {
    name: 'faults',
    conditions: `Seeds ${first} to ${last}, a room for each: ${totals.reads} reads.`,
    tables: [
      {
        title: 'Fault runs',
        columns: [{ title: 'figure' }, { title: 'value' }, { title: 'wanted' }],
        rows: [
          ['rooms', totals.seeds, ''],
          ['reads tried', totals.reads, ''],
          ['wrong answers', totals.wrong, '0'],
          ['reads that never returned although a copy was reachable', totals.stuck, '0'],
          ['reads that waited for the last holder', totals.waitedForHolder, ''],
          ['longest of them after its return, ms', totals.longestAfterReturnMs, `${GOAL_MS}`],
          ['the same in the median room, ms', quantile(stalls, 0.5), ''],
          ['in 95 of 100 rooms at most, ms', quantile(stalls, 0.95), ''],
        ],
      },
    ],
    plots: {
      'field-faults-return': {
        title: 'The longest that a read stood after the last holder had returned',
        x: { title: 'per cent of the rooms' },
        y: { title: 'milliseconds' },
        series: [
          { name: 'V-FIELD', points },
          {
            name: 'goal',
            points: [
              [0, GOAL_MS],
              [100, GOAL_MS],
            ],
            isBound: true,
          },
        ],
      },
    },
    data: { totals, results },
  };
}
