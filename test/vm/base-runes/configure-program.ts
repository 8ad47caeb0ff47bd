// The configure stage as the initrd runs it, for userland.sh: `configure-program.ts OPTIONS ROOT`.

import { createLog } from '../../../src/log.ts';
import type { NicFacts } from '../../../src/runes/contract/facts.ts';
import { createDirectoryFiles } from '../../../src/runes/files/directory-files.ts';
import { createShellFiles } from '../../../src/runes/files/shell-files.ts';
import { createHookService } from '../../../src/runes/hooks/hook-service.ts';
import { startRuneHost } from '../../../src/runes/host/start.ts';
import { readRuneFolder } from '../../../src/runes/roles/rune-folder.ts';
import { LinuxSys } from '../../../src/sys/linux.ts';

export interface ConfigureProgramOptions {
  /** The folder that has RUNES in it. */
  readonly medium: string;
  readonly nic: NicFacts;
  /** base64url */
  readonly roomKey: string;
}

const CHROOT = ['chroot'] as const;
const { medium, nic, roomKey }: ConfigureProgramOptions = JSON.parse(process.argv[2]!);
const path = process.argv[3]!;
const sys = new LinuxSys();
const log = createLog((level, area, message) => console.log(level, area, message));
const folders = [
  await readRuneFolder(
    createShellFiles((...call) => sys.run(...call), path, CHROOT),
    'image',
  ),
  await readRuneFolder(createDirectoryFiles(medium), 'medium', '/RUNES'),
];
const sharedRun = `${path}/run/viver`;
const host = await startRuneHost({
  role: 'node',
  stage: 'configure',
  facts: { role: 'node', kernelRelease: '', commandLine: '', nics: [nic], bootNic: nic },
  folders,
  log,
  inWorker: false,
  root: { path, chroot: CHROOT },
  services: { hooks: createHookService({ sys, folders, root: path, chroot: CHROOT, sharedRun, log }) },
  settings: {
    'host-name': { hosts: '/run/viver/hosts' },
    network: { resolvConf: '/run/viver/resolv.conf' },
    'ssh-host-keys': { roomKey: Uint8Array.fromBase64(roomKey, { alphabet: 'base64url' }) },
  },
});
await host.stop();
if (host.report.faults.length + host.report.setAside.length > 0) process.exitCode = 1;
