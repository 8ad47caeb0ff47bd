// The two systems that the base runes are checked in, as somebody's machine was before it became an image: with settings for disks and cards that the
// machines of the room don't have, and between them every kind of network set-up that a Debian can have.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DebianRecipe, LAB_PACKAGES } from '../../../lab/debian.ts';
import { LAB_DIRECTORY } from '../../../lab/room-paths.ts';

export type DebianVersion = 12 | 13;

export interface BenchSystem {
  readonly version: DebianVersion;
  readonly directory: string;
  readonly recipe: DebianRecipe;
}

const EVERYWHERE = [...LAB_PACKAGES, ...['openssh-server', 'openssh-client', 'network-manager', 'tzdata', 'lvm2']];

export const SYSTEMS: readonly BenchSystem[] = [
  system(12, {
    release: 'bookworm',
    packages: [
      ...EVERYWHERE,
      ...['ifupdown', 'isc-dhcp-client', 'resolvconf', 'systemd-timesyncd'],
      ...['mdadm', 'multipath-tools', 'smartmontools', 'udisks2'],
    ],
    setUp: script('set-up-12.sh'),
  }),
  system(13, {
    release: 'trixie',
    packages: [...EVERYWHERE, ...['systemd-resolved', 'netplan.io', 'chrony', 'cryptsetup']],
    setUp: script('set-up-13.sh'),
  }),
];

function system(version: DebianVersion, recipe: DebianRecipe): BenchSystem {
  return { version, directory: join(LAB_DIRECTORY, `base-runes-${version}`), recipe };
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
