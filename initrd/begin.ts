// What both programs of the initrd begin with, the one that boots (init.ts) and the one that takes over from it (resume.ts): a process that nothing
// ends by accident, a log, and the machine as it is.

import { errorLine } from '../src/errors.ts';
import { createLog, type Log } from '../src/log.ts';
import { LinuxSys } from '../src/sys/linux.ts';
import { parseCommandLine } from './cmdline.ts';
import { type BootContext, SYSFS } from './context.ts';
import { becomeStorageDaemon } from './handover.ts';
import { kmsgSink } from './kmsg.ts';
import { describeMachine, uptimeSeconds } from './machine.ts';
import { Phases } from './phases.ts';

/** @returns also what on the command line could not be used, a line for each. */
export async function begin(): Promise<{ boot: BootContext; warnings: readonly string[] }> {
  becomeStorageDaemon();
  const sys = new LinuxSys();
  const machine = await describeMachine(sys, SYSFS);
  const { options, warnings } = parseCommandLine(machine.commandLine);
  await sys.writeText('/proc/sys/kernel/printk_devkmsg', 'on\n').catch(() => {});
  const log = createLog(kmsgSink(), '', options.debug ? 'debug' : 'info');
  outlive(log);
  return { boot: { sys, log, options, machine, phases: new Phases(log, uptimeSeconds) }, warnings };
}

/** Nothing that goes wrong in a callback may end the process that the root hangs on. */
function outlive(log: Log): void {
  process.on('uncaughtException', (error) => log.error(`uncaught: ${error.stack ?? errorLine(error)}`));
  process.on('unhandledRejection', (reason) =>
    log.error(`unhandled: ${reason instanceof Error ? reason.stack : String(reason)}`),
  );
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => log.debug(`${signal} is passed over`));
}
