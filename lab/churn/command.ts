// `viver-kit lab churn`: the churn with what the command line says of it.

import { Command } from 'commander';
import { parseCount, parseMemory, parsePart } from '../options.ts';

interface Options {
  readonly nodes: number;
  readonly memory: number;
  readonly kills: number;
  readonly every: number;
  readonly share: number;
  readonly pxe: boolean;
}

export function churnCommand(): Command {
  return new Command('churn')
    .description('diskless PCs start together; then one after the other is killed and replaced while the others read')
    .option('--nodes <count>', 'diskless PCs that are on at any time', parseCount, 6)
    .option('--memory <MiB>', 'memory of each', parseMemory, 768)
    .option('--kills <count>', 'how many are killed', parseCount, 10)
    .option('--every <seconds>', 'from one kill to the next', parseCount, 60)
    .option('--share <part>', 'RAM that each gives to the field, as a part of the image', parsePart, 0.4)
    .option('--no-pxe', 'diskless PCs are given kernel and initrd: emulated, fetching them is most of a boot')
    .action(churn);
}

/** What plays the churn pulls in much; other commands start without it. */
async function churn({ nodes, memory, kills, every, share, pxe }: Options): Promise<void> {
  const { runChurn } = await import('./run.ts');
  const report = await runChurn({ nodes, memoryMiB: memory, kills, everySeconds: every, share, given: !pxe });
  if (!report.ok) process.exitCode = 1;
}
