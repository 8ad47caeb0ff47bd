// What every scenario is: a name, what it asks, and the numbers that it may be given.

import type { Report } from '../report/report.ts';

export interface ScenarioOptions {
  /** Numbers of nodes to run with; the scenario's own when left out. */
  readonly nodes: readonly number[] | undefined;
  readonly seed: number;
  /** How many seeds, from `seed` on, where chance matters. */
  readonly runs: number | undefined;
  readonly imageMebibytes: number | undefined;
  /** Part of the image that each node gives RAM for. */
  readonly share: number | undefined;
  readonly staggerMs: number;
  /** With the boot trace in the metainfo. */
  readonly trace: boolean;
  /** Prints how far it is. */
  progress(line: string): void;
}

export interface Scenario {
  readonly name: string;
  readonly help: string;
  run(options: ScenarioOptions): Promise<Report>;
}
