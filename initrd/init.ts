// The one process. It starts in the initrd, finds hardware, network and image, makes the root, hands over to the real init, and lives on as
// V-FIELD node and, on the first PC, as boot server. docs/boot-story.md tells the way with the reasons.

import { CONTROL_SOCKET } from '../src/control/status.ts';
import { errorLine, ViverError } from '../src/errors.ts';
import { createLog, type Log } from '../src/log.ts';
import { LinuxSys } from '../src/sys/linux.ts';
import { findBootMedium } from './boot-medium.ts';
import { parseCommandLine } from './cmdline.ts';
import { type BootContext, networkEffects, SHARED_RUN, SYSFS } from './context.ts';
import { type Findings, factsOf } from './facts.ts';
import {
  becomeStorageDaemon,
  giveMemoryBack,
  keepTextInMemory,
  letGoOfModules,
  openRescueShell,
  outliveMemoryShortage,
  switchRoot,
} from './handover.ts';
import { describeHardware, detectHardware, readManifest } from './hardware.ts';
import { joinNetwork, writeResolvConf } from './join-network.ts';
import { kmsgSink } from './kmsg.ts';
import { describeMachine, uptimeSeconds } from './machine.ts';
import { wiredInterfaces } from './network.ts';
import { Phases } from './phases.ts';
import { readAhead } from './read-ahead.ts';
import { recordedTrace } from './recorded-trace.ts';
import { loadModules, mountRoot, type Root, rootFromDrive, rootFromField, searchContext } from './root.ts';

/** What mounts and sockets ask the kernel for while no modprobe of the image can be reached. */
const MODULES_OF_THE_ROOT = ['crc32c_generic', 'crc32c_intel', 'squashfs', 'overlay', 'af_packet', 'ipv6'];

/** From the start of the program to a served room. Throws what stopped it before the handover. */
async function run(boot: BootContext): Promise<void> {
  const { sys, log, phases, machine, options } = boot;
  const manifest = await phases.run(
    'start',
    () => readManifest(sys, machine),
    (found) => `Viver ${found.programVersion} on Node ${found.nodeVersion}`,
  );
  if (options.shell) throw new ViverError('BOOT_SHELL_WANTED', 'viver.shell is on the kernel command line');
  const hardware = await phases.run(
    'hardware',
    () => detectHardware(sys, log, machine),
    (found) => describeHardware(found.report()),
  );
  await loadModules(hardware, MODULES_OF_THE_ROOT);

  const isNetworkBoot = options.image?.startsWith('magnet:') ?? false;
  const joining = joinNetwork(boot, isNetworkBoot);
  const reading = readAhead({ runesHere: !isNetworkBoot });
  const root = await (isNetworkBoot ? rootFromField(boot, hardware, joining) : rootFromDrive(boot, hardware));
  await phases.run(
    'root',
    () => mountRoot(boot, root.device),
    () => `overlay of ${root.device} and memory`,
  );

  const { configure, serve, LiveStatus, openControlSocket } = await reading;
  const findings = await findingsOf(boot, root, isNetworkBoot ? await joining : undefined);
  const bootMedium =
    root.local && (await findBootMedium(searchContext(boot, hardware), root.local.drive, machine.kernelRelease));
  const medium = bootMedium ? { medium: bootMedium.directory } : {};
  const configured = await phases.run(
    'configure',
    () => configure(boot, factsOf(findings), { here: !isNetworkBoot, ...medium }),
    ({ changed }) => `adapted ${changed.join(' ') || 'nothing'}`,
  );

  const status = new LiveStatus(boot, root, { role: findings.role, programVersion: manifest.programVersion });
  await openControlSocket(CONTROL_SOCKET, {
    status: () => status.now(),
    trace: async () => recordedTrace(root),
  });
  await sys.writeText(`${SHARED_RUN}/pid`, `${process.pid}\n`);
  await sys.close();
  await letGoOfModules(sys);
  await outliveMemoryShortage(sys);
  await keepTextInMemory(sys);
  await phases.run(
    'handover',
    () => switchRoot(sys, options.init),
    () => `PID 1 is ${options.init}`,
  );

  status.network = await joining;
  if (status.network) {
    await writeResolvConf(boot, status.network);
    root.field.discoverOn([status.network.address]);
  }
  const network = status.network ? { network: status.network } : {};
  const facts = factsOf({ ...findings, ...network, ...(bootMedium ? { bootMedium } : {}) });
  status.runes = await serve(boot, facts, configured.folders, root.field);
  giveMemoryBack();
  await keepTextInMemory(sys);
  phases.done('serve', status.runes.report.started.map(({ rune }) => rune).join(' ') || 'the field');
}

async function findingsOf(
  boot: BootContext,
  root: Root,
  network: Awaited<ReturnType<typeof joinNetwork>>,
): Promise<Findings> {
  const { machine, options } = boot;
  const [nic] = await wiredInterfaces(networkEffects(boot), options.bootMac);
  const role = options.role ?? (root.local ? 'first' : 'node');
  return { role, machine, field: root.field, ...(nic ? { nic } : {}), ...(network ? { network } : {}) };
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

becomeStorageDaemon();
const sys = new LinuxSys();
const machine = await describeMachine(sys, SYSFS);
const { options, warnings } = parseCommandLine(machine.commandLine);
await sys.writeText('/proc/sys/kernel/printk_devkmsg', 'on\n').catch(() => {});
const log = createLog(kmsgSink(), '', options.debug ? 'debug' : 'info');
outlive(log);
for (const warning of warnings) log.warn(warning);
await run({ sys, log, options, machine, phases: new Phases(log, uptimeSeconds) }).catch(async (error: unknown) => {
  log.error(errorLine(error));
  await openRescueShell(sys, errorLine(error));
});
