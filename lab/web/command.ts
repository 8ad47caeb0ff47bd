// `viver-kit lab web`: the web farm with what the command line says of it.

import { Command } from 'commander';

export function webCommand(): Command {
  return new Command('web')
    .description('a web farm of diskless PCs: servers come, go and lose their power while clients never stop asking')
    .option('--quick', 'one PC less: the first one is the load balancer too')
    .action(web);
}

/** What plays it pulls in much; other commands start without it. */
async function web({ quick }: { quick?: true }): Promise<void> {
  const { runWebFarm } = await import('./run.ts');
  const report = await runWebFarm({ quick: quick ?? false });
  if (!report.ok) process.exitCode = 1;
}
