// The simulator's command: runs a scenario, prints its tables, writes plots and, with --docs, its part of docs/field-simulation.md.
// `make simulate SCENARIO=storm NODES=100 SEED=7` calls it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writePart } from './report/document.ts';
import { formatPlot } from './report/plot.ts';
import type { Report } from './report/report.ts';
import { formatText } from './report/table.ts';
import { churnScenario } from './scenarios/churn.ts';
import { faultScenario } from './scenarios/faults.ts';
import { largeScenario } from './scenarios/large.ts';
import type { Scenario, ScenarioOptions } from './scenarios/scenario.ts';
import { stormScenario } from './scenarios/storm.ts';
import { validateScenario } from './scenarios/validate.ts';
import { variantScenario } from './scenarios/variants.ts';

const SCENARIOS: readonly Scenario[] = [
  stormScenario,
  variantScenario,
  largeScenario,
  churnScenario,
  faultScenario,
  validateScenario,
];
const ROOT = join(import.meta.dirname, '..');
const DOCUMENT = join(ROOT, 'docs/field-simulation.md');

const HELP = `usage: sim/main.ts SCENARIO [options]

The real field in a room of virtual machines, on a virtual network and clock: the same seed gives the same run.

${SCENARIOS.map(({ name, help }) => `  ${name.padEnd(10)} ${help}`).join('\n')}

  --nodes N[,N...]   how many machines
  --seed N           where chance begins (1)
  --runs N           how many seeds from there on, where a scenario takes many
  --image MIB        size of the image
  --share PART       part of the image that each node gives RAM for, such as 0.25
  --stagger MS       between switching on one machine and the next (0: all at once)
  --no-trace         the metainfo has no boot trace
  --plots DIRECTORY  where plots go (out/simulation)
  --json FILE        the figures as JSON
  --docs             plots into docs/img, tables into docs/field-simulation.md
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    nodes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    runs: { type: 'string' },
    image: { type: 'string' },
    share: { type: 'string' },
    stagger: { type: 'string', default: '0' },
    trace: { type: 'boolean', default: true },
    plots: { type: 'string', default: join(ROOT, 'out/simulation') },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const scenario = SCENARIOS.find(({ name }) => name === positionals[0]);
if (values.help || !scenario) {
  (values.help ? process.stdout : process.stderr).write(HELP);
  process.exit(values.help ? 0 : 2);
}
const report = await scenario.run(scenarioOptions());
console.log(`\n${report.conditions}`);
for (const table of report.tables) console.log(`\n${formatText(table)}`);
writeReport(report);

function scenarioOptions(): ScenarioOptions {
  return {
    nodes: values.nodes?.split(',').map((text) => numberOf('--nodes', text)!),
    seed: numberOf('--seed', values.seed)!,
    runs: numberOf('--runs', values.runs),
    imageMebibytes: numberOf('--image', values.image),
    share: numberOf('--share', values.share),
    staggerMs: numberOf('--stagger', values.stagger)!,
    trace: values.trace,
    progress: (line) => console.error(line),
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  process.stderr.write(`${name}: "${text}" is no number\n`);
  process.exit(2);
}

function writeReport(report: Report): void {
  const { name, conditions, plots, data } = report;
  const folder = values.docs ? join(ROOT, 'docs/img') : values.plots;
  mkdirSync(folder, { recursive: true });
  for (const [file, plot] of Object.entries(plots)) writeFileSync(join(folder, `${file}.svg`), formatPlot(plot));
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ name, conditions, data }, null, 2)}\n`);
  if (values.docs) writePart(DOCUMENT, report);
}
