// Kernel start to real init from a USB stick: Viver beside dracut's dmsquash-live, of the same system (kernel, squashfs) in the same
// virtual machine, by the kernel's own clock. Both sides take turns; the ratio is the median of the pairs' ratios. The kernel and the
// initrd are given to the machine directly, so firmware and loader are not in the figures; the root comes from the stick on both sides.
// Also the size of the initrd, and the memory that is left when the system is up. It says nothing about real hardware's speed.
//
//   bench/boot-time.bench.ts [RUNS]        writes bench/results/boot-time.json; needs root (dracut, the system's tree)

import { type BootFigures, boot } from './boot-time/boot.ts';
import { type BootedWay, makeWays } from './boot-time/media.ts';
import { formatRow, median, resultRow, writeResult } from './results.ts';

const RUNS = Number(process.argv[2] ?? 5);
/** So many of the runs go on to multi-user.target, which takes a minute each. */
const WHOLE_RUNS = Math.min(RUNS, 3);
const MIB = 2 ** 20;

const say = (line: string) => console.log(line);
const { ours, dracut } = await makeWays(say);
const figures = new Map<BootedWay, BootFigures[]>([
  [ours, []],
  [dracut, []],
]);
for (let run = 0; run < RUNS; run++) {
  for (const [way, list] of figures) {
    const seen = await boot(way, run < WHOLE_RUNS);
    list.push(seen);
    const memory = seen.availableMiB === undefined ? '' : `, ${seen.availableMiB.toFixed(0)} MiB available`;
    say(`${way.name.padEnd(8)} real init after ${seen.initSeconds.toFixed(2)} s${memory}`);
  }
}

const of = (way: BootedWay, key: 'initSeconds' | 'availableMiB') =>
  figures.get(way)!.flatMap((seen) => seen[key] ?? []);
const rows = [
  resultRow({
    name: 'kernel start to real init',
    unit: 's',
    lowerIsBetter: true,
    goal: 1,
    ours: of(ours, 'initSeconds'),
    peers: { 'dracut dmsquash-live': of(dracut, 'initSeconds') },
  }),
  resultRow({
    name: 'initrd size',
    unit: 'MiB',
    lowerIsBetter: true,
    goal: 1.1,
    ours: [ours.initrdBytes / MIB],
    peers: { 'dracut dmsquash-live': [dracut.initrdBytes / MIB] },
  }),
  resultRow({
    name: 'memory available at multi-user, of 1 GiB',
    unit: 'MiB',
    lowerIsBetter: false,
    goal: 0.8,
    ours: of(ours, 'availableMiB'),
    peers: { 'dracut dmsquash-live': of(dracut, 'availableMiB') },
  }),
];
for (const row of rows) say(formatRow(row));
for (const list of figures.values()) {
  const middle = median(list.map(({ initSeconds }) => initSeconds));
  say(['', ...list.find(({ initSeconds }) => initSeconds === middle)!.marks].join('\n').slice(0, 4000));
}
writeResult('boot-time', RUNS, rows);
