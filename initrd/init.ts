// The one process. It starts in the initrd, finds hardware, network and image, makes the root, hands over to the real init, and lives on as
// V-FIELD node and, on the first PC, as boot server. docs/boot-story.md tells the way with the reasons. When it is killed after the handover,
// resume.ts goes on.

import { errorLine, ViverError } from '../src/errors.ts';
import type { Hardware } from '../src/hwdetect/hardware.ts';
import { begin } from './begin.ts';
import { findBootMedium } from './boot-medium.ts';
import { type BootContext, networkEffects, SYSFS } from './context.ts';
import { readDriveFacts } from './drive-facts.ts';
import { type Findings, factsOf } from './facts.ts';
import { HANDED_MEDIUM, packRunesOf } from './hand-on.ts';
import { keepTextInMemory, letGoOfModules, openRescueShell, outliveMemoryShortage, switchRoot } from './handover.ts';
import { describeHardware, detectHardware, readManifest } from './hardware.ts';
import { joinNetwork } from './join-network.ts';
import { DEVICES } from './local-image.ts';
import { letGoOfOthers, type NetworkFacts, wiredInterfaces } from './network.ts';
import { readAhead } from './read-ahead.ts';
import { handedKey, keyOfMedium, packRoomKey } from './room-key.ts';
import { takeRoomTime } from './room-time.ts';
import { loadModules, mountRoot, type Root, rootFromDrive, rootFromField, searchContext } from './root.ts';

/** What mounts and sockets ask the kernel for while no modprobe of the image can be reached. */
const MODULES_OF_THE_ROOT = ['crc32c_generic', 'crc32c_intel', 'squashfs', 'overlay', 'af_packet', 'ipv6'];

/** From the start of the program to the real init. Throws what stopped it; returns what is left to do: serving the room. */
async function startSystem(boot: BootContext): Promise<() => Promise<void>> {
  const { sys, log, phases, machine, options } = boot;
  const { programVersion } = await phases.run(
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
  const withModules = new AbortController();
  const joining = joinNetwork(boot, isNetworkBoot, async () => {
    if (!withModules.signal.aborted) await hardware.settle({ patienceMs: 0, urgentOnly: true });
  });
  const timing = isNetworkBoot ? joining.then(() => takeRoomTime(boot)) : undefined;
  const reading = readAhead({ runesHere: !isNetworkBoot });
  const root = await (isNetworkBoot ? rootFromField(boot, hardware, joining) : rootFromDrive(boot, hardware));
  const { device, source, local, field } = root;
  await phases.run(
    'root',
    () => mountRoot(boot, device),
    () => `overlay of ${device} and memory`,
  );

  const { configure, openDoors, serveRoom, withBootTrace, LiveStatus, RecordKeeper } = await reading;
  const found = await findingsOf(boot, hardware, root, isNetworkBoot ? await joining : undefined);
  const medium = found.bootMedium?.directory ?? (isNetworkBoot ? HANDED_MEDIUM : undefined);
  const { folders, role, report } = await phases.run(
    'configure',
    () => configure(boot, factsOf(found, machine, field), { here: !isNetworkBoot, medium, roomKey: found.roomKey }),
    ({ report: { started } }) => `adapted ${started.flatMap(({ changed }) => changed).join(' ') || 'nothing'}`,
  );
  const findings = { ...found, role };
  await timing;
  const network = found.network ?? (await soon(joining));
  if (network) await letGoOfOthers(networkEffects(boot), network);

  const status = new LiveStatus(boot, root, { role: findings.role, programVersion }, { folders, configured: report });
  await openDoors(boot, root, status);
  withModules.abort();
  await makeReadyToStay(boot);
  const rootRecord = { device, source, ...(local ? { local } : {}) };
  const known = { programVersion, root: rootRecord, findings, folders, configured: report, peers: [] };
  const record = await RecordKeeper.begin(sys, { ...known, phases: phases.times }, withBootTrace(field));
  await phases.run(
    'handover',
    () => switchRoot(sys, options.init),
    () => `PID 1 is ${options.init}`,
  );
  return () => serveRoom(boot, { field, findings, folders, status, record }, joining);
}

/** What a promise has given already; undefined when it has not. */
function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([promise, new Promise<undefined>((resolve) => setImmediate(resolve, undefined))]);
}

/** What only the boot needed goes, what lives on is protected. */
async function makeReadyToStay({ sys }: BootContext): Promise<void> {
  await sys.close();
  await letGoOfModules(sys);
  await outliveMemoryShortage(sys);
  await keepTextInMemory(sys);
}

async function findingsOf(
  boot: BootContext,
  hardware: Hardware,
  { local }: Root,
  network: NetworkFacts | undefined,
): Promise<Findings> {
  const { sys, log, machine, options } = boot;
  const [nic] = await wiredInterfaces(networkEffects(boot), options.bootMac);
  const bootMedium = local && (await findBootMedium(searchContext(boot, hardware), local.drive, machine.kernelRelease));
  const roomKey = bootMedium
    ? await keyOfMedium(bootMedium.directory, boot)
    : local
      ? undefined
      : await handedKey(boot);
  return {
    role: local ? 'first' : 'node',
    drives: await readDriveFacts(sys, log.child('drives'), SYSFS, DEVICES),
    ...(nic ? { nic } : {}),
    ...(network ? { network } : {}),
    ...(bootMedium ? { bootMedium, initrdParts: await packRunesOf(bootMedium.directory, boot) } : {}),
    ...(roomKey ? { roomKey } : {}),
    ...(roomKey && bootMedium ? { keyPart: await packRoomKey(roomKey, boot) } : {}),
  };
}

const { boot, warnings } = await begin();
for (const warning of warnings) boot.log.warn(warning);
try {
  const serveRoom = await startSystem(boot);
  await serveRoom().catch((error: unknown) => boot.log.error(`this machine does not serve: ${errorLine(error)}`));
} catch (error) {
  boot.log.error(errorLine(error));
  await openRescueShell(boot.sys, errorLine(error));
}
