// The configure stage: runes adapt the new system to this machine before its init starts.

import { ROOT_PLACES } from '../src/images/root-plan.ts';
import type { Facts } from '../src/runes/contract/facts.ts';
import { createDirectoryFiles } from '../src/runes/files/directory-files.ts';
import { type ChrootCommand, createShellFiles } from '../src/runes/files/shell-files.ts';
import { createHookService } from '../src/runes/hooks/hook-service.ts';
import type { StartReport } from '../src/runes/host/options.ts';
import { startRuneHost } from '../src/runes/host/start.ts';
import { knownMachines, machineOf } from '../src/runes/machines/known-machines.ts';
import { chooseRole } from '../src/runes/roles/choose-role.ts';
import { mergedRoles } from '../src/runes/roles/merged-roles.ts';
import { RUNES_ON_MEDIUM, type RuneFolder, readRuneFolder } from '../src/runes/roles/rune-folder.ts';
import { type BootContext, SHARED_RUN } from './context.ts';
import { writeFactsJson } from './facts-files.ts';

/** busybox's, of the runtime. */
const CHROOT: ChrootCommand = ['chroot'];

export interface ConfigureOptions {
  /** In this thread: never where the root is served by it. */
  readonly here: boolean;
  /** Where the boot medium is mounted, or what a diskless PC has of it; its runes win over the image's. */
  readonly medium?: string | undefined;
  /** As base64url; only the built-in runes that need it see it. */
  readonly roomKey?: string | undefined;
}

/**
 * Runs the role's configure runes on the mounted root.
 * @param found The facts, in which the role is that of the way of booting.
 * @returns the folders and the role too, for the stage that comes later
 */
export async function configure(
  { sys, log, options }: BootContext,
  found: Facts,
  { here, medium, roomKey }: ConfigureOptions,
): Promise<{ report: StartReport; folders: RuneFolder[]; role: string }> {
  const files = createShellFiles((...call) => sys.run(...call), ROOT_PLACES.newRoot, CHROOT);
  const folders = [await readRuneFolder(files, 'image')];
  if (medium) folders.push(await readRuneFolder(createDirectoryFiles(medium), 'medium', RUNES_ON_MEDIUM));
  const hookService = createHookService({
    ...{ sys, folders, root: ROOT_PLACES.newRoot, chroot: CHROOT, sharedRun: SHARED_RUN },
    log: log.child('hooks'),
  });
  const wishes = [
    { from: 'viver.role=', role: options.role },
    { from: 'the list of machines', role: listedRole(folders, found) },
  ];
  const { role, faults } = chooseRole(wishes, found.role, mergedRoles(folders).table);
  for (const fault of faults) log.error(fault);
  const facts = { ...found, role };
  await writeFactsJson(sys, facts, folders);
  const runes = await startRuneHost({
    role,
    stage: 'configure',
    facts,
    folders,
    log: log.child('runes'),
    inWorker: !here,
    root: { path: ROOT_PLACES.newRoot, chroot: CHROOT },
    services: { hooks: hookService },
    settings: {
      'host-name': { hosts: `${SHARED_RUN}/hosts` },
      ...(roomKey ? { 'ssh-host-keys': { roomKey: Uint8Array.fromBase64(roomKey, { alphabet: 'base64url' }) } } : {}),
      network: { resolvConf: `${SHARED_RUN}/resolv.conf` },
      'viver-command': { pidFile: `${SHARED_RUN}/pid` },
    },
  });
  await runes.stop();
  return { report: runes.report, folders, role };
}

/** The role that the list of machines gives this one. */
function listedRole(folders: readonly RuneFolder[], { bootNic }: Facts): string | undefined {
  return machineOf(knownMachines(folders).machines, bootNic?.mac)?.role;
}
