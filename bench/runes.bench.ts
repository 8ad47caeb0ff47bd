// What runes cost. The time that the configure stage adds to a boot, as a whole and as each rune sees it, on the tree of the lab's Debian, with the real children in a
// real chroot; what an idle rune weighs; calls in a second between two runes, beside Moleculer's calls. Each run of each way is a process of its own, and
// they take turns. What it does not say: how long the children take on an emulated machine or over a slow field; figures of booted guests are in docs/benchmarks.md.
//
//   bench/runes.bench.ts [RUNS]     writes bench/results/runes.json; needs root and the lab's system

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { makeDebianSystem } from '../lab/debian.ts';
import { LAB_DIRECTORY } from '../lab/room-paths.ts';
import { silentLog } from '../src/log.ts';
import { builtinStage } from '../src/runes/builtin/builtin.ts';
import { DEFAULT_ROLES, resolveRole } from '../src/runes/roles/role-table.ts';
import { formatRow, type Measurement, resultRow, writeResult } from './results.ts';

const RUNS = Number(process.argv[2] ?? 5);
const CALL_MS = 600;
const AT_ONCE = 32;
const BUILT_IN = 100;
const FOREIGN = 4;
const KIB = 1024;

const { root } = await makeDebianSystem(LAB_DIRECTORY, silentLog);
const runes = [...resolveRole(DEFAULT_ROLES, 'node').runes].filter((rune) => builtinStage(rune) === 'configure');

const figures = new Map<string, number[]>();
for (let run = 1; run <= RUNS; run++) {
  measureConfigure();
  measureMemory();
  measureCalls();
  console.log(`run ${run} of ${RUNS}`);
}
const rows = measurements().map(resultRow);
for (const row of rows) console.log(formatRow(row));
writeResult('runes', RUNS, rows);

function measureConfigure(): void {
  const { stage, runes: each } = JSON.parse(program('configure.ts', [root, ...runes], ['unshare', '--mount'])) as {
    stage: number;
    runes: Record<string, number>;
  };
  note('stage', stage);
  for (const [rune, milliseconds] of Object.entries(each)) note(`rune ${rune}`, milliseconds);
}

/** Of each kind, with and without: the difference is theirs. */
function measureMemory(): void {
  const weigh = (kind: string, count: number) => Number(program('idle.ts', [kind, `${count}`]));
  const each = (kind: string, count: number) => (weigh(kind, count) - weigh(kind, 0)) / count / KIB;
  note('built-in rune', each('builtin', BUILT_IN));
  note('foreign rune', each('foreign', FOREIGN));
  note('Moleculer service', each('moleculer', BUILT_IN));
  note('Moleculer node', weigh('moleculer', 1) / KIB);
}

function measureCalls(): void {
  for (const way of ['built-in', 'moleculer-local', 'foreign', 'room', 'moleculer-remote']) {
    for (const atOnce of [1, AT_ONCE])
      note(`${way} ${atOnce}`, Number(program('ways.ts', [way, `${CALL_MS}`, `${atOnce}`])));
  }
}

function measurements(): Measurement[] {
  const less = { lowerIsBetter: true, goal: 1 };
  const wanted = (figure: number) => ({ 'wanted at most': Array.from({ length: RUNS }, () => figure) });
  const calls = (name: string, ours: string, peer: string, theirs: string, goal: number): Measurement[] =>
    [1, AT_ONCE].map((atOnce) => ({
      name: `calls ${name}, ${atOnce} at once`,
      unit: '1/s',
      lowerIsBetter: false,
      goal,
      ours: of(`${ours} ${atOnce}`),
      peers: { [peer]: of(`${theirs} ${atOnce}`) },
    }));
  return [
    { name: `configure all ${runes.length} runes`, unit: 'ms', ...less, ours: of('stage'), peers: wanted(1000) },
    ...runes.map((rune) => ({
      ...{ name: `configure ${rune}`, unit: 'ms', ...less },
      ...{ ours: of(`rune ${rune}`), peers: wanted(200) },
    })),
    {
      ...{ name: 'memory of an idle built-in rune', unit: 'KiB', ...less },
      ...{ ours: of('built-in rune'), peers: { 'Moleculer service': of('Moleculer service') } },
    },
    {
      ...{ name: 'memory of an idle foreign rune', unit: 'KiB', ...less },
      ...{ ours: of('foreign rune'), peers: { 'Moleculer node': of('Moleculer node') } },
    },
    // Moleculer hands over a reference; between runes all is copied, frozen, and checked four times.
    ...calls('built-in to built-in', 'built-in', 'Moleculer, one process', 'moleculer-local', 0.1),
    ...calls('foreign to built-in', 'foreign', 'Moleculer, two processes by TCP', 'moleculer-remote', 1),
    // Ours is between members that have proved the room's key, and encrypted; Moleculer's TCP is neither.
    ...calls('between two machines', 'room', 'Moleculer, two processes by TCP', 'moleculer-remote', 0.5),
  ];
}

function program(file: string, args: readonly string[], before: readonly string[] = []): string {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'runes', file)];
  const [command = '', ...rest] = [...before, ...node, ...args];
  return execFileSync(command, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function note(name: string, figure: number): void {
  if (!Number.isFinite(figure)) throw new Error(`${name}: no figure`);
  figures.set(name, [...(figures.get(name) ?? []), figure]);
}

function of(name: string): readonly number[] {
  return figures.get(name) ?? [];
}
