// What a scenario has found: tables and plots, with the sentence that says how it was run.

import type { Plot } from './plot.ts';
import type { Table } from './table.ts';

export interface Report {
  /** Names the part of docs/field-simulation.md that it fills. */
  readonly name: string;
  /** How it was run, the seed included. */
  readonly conditions: string;
  readonly tables: readonly Table[];
  /** By file name, without `.svg`. */
  readonly plots: Readonly<Record<string, Plot>>;
  /** The figures as data. */
  readonly data: unknown;
}
