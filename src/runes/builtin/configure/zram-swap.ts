// Rune zram-swap: swap in compressed memory, by a unit of systemd and util-linux's zramctl; nothing has to be in the image beside them. An image
// that has its own zram set-up keeps it. What serves the room's blocks is kept out of it: those are compressed already, and a swapped block is a slow
// one for everybody (docs/decisions/0018-share-and-memory.md). zram: linux Documentation/admin-guide/blockdev/zram.rst.

import * as z from 'zod/mini';
import { amountBytes, parseAmount } from '../../../amount.ts';
import type { RootFiles } from '../../contract/root-files.ts';
import { defineRune } from '../../contract/rune.ts';
import { firstThere } from './first-there.ts';

const UNIT = '/etc/systemd/system/viver-zram-swap.service';
const WANTED = '/etc/systemd/system/swap.target.wants/viver-zram-swap.service';
/** Where the process that serves the root runs, with PID 1. */
const NO_SWAP = '/etc/systemd/system/init.scope.d/50-viver-no-swap.conf';

/** Programs that the unit calls, as Debian has them before and after the merge of /usr. */
const PROGRAMS = ['zramctl', 'mkswap', 'swapon', 'modprobe'];
const PROGRAM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** An image with one of these swaps to zram by itself: zram-tools, systemd-zram-generator, Ubuntu's zram-config. */
const OWN_SETUPS = [
  '/etc/systemd/system/multi-user.target.wants/zramswap.service',
  '/etc/systemd/zram-generator.conf',
  '/usr/lib/systemd/zram-generator.conf',
  '/etc/systemd/system/multi-user.target.wants/zram-config.service',
];

const settings = z.object({
  size: z
    ._default(
      z
        .union([z.string(), z.int()])
        .check(z.refine((size) => parseAmount(`${size}`) !== undefined, '512M, 2G or 50% is wanted')),
      '50%',
    )
    .check(z.describe('what fits in before compression: 512M, 2G, or a part of the RAM as 50%; 0 for none')),
  algorithm: z
    .optional(z.string().check(z.regex(/^[a-z0-9-]+$/)))
    .check(z.describe("compression, as the kernel names it (zstd, lz4 …); unset: the kernel's own choice")),
});

export const zramSwap = defineRune({
  name: 'zram-swap',
  version: 1,
  stage: 'configure',
  summary: 'swap in compressed memory',
  offers: [],
  needs: [],
  settings,
  async start({ facts, files, log, settings: { size, algorithm } }) {
    const bytes = amountBytes(parseAmount(`${size}`) ?? { bytes: 0 }, facts.ramBytes ?? 0);
    const obstacle = bytes > 0 ? await obstacleTo(files, facts.kernelRelease) : 'its size is 0';
    if (obstacle) {
      log.info(`no swap in compressed memory: ${obstacle}`);
      return;
    }
    await Promise.all([
      files.writeText(UNIT, unitText(bytes, algorithm)),
      files.symlink(UNIT, WANTED),
      files.writeText(NO_SWAP, NO_SWAP_TEXT),
    ]);
    log.info(`swap in compressed memory: ${Math.round(bytes / 2 ** 20)} MiB before compression`);
  },
});

/** Why it can't or must not be; undefined when it can. All is asked at once: each question by itself would be a child process. */
async function obstacleTo(files: RootFiles, kernelRelease: string): Promise<string | undefined> {
  const [own, hasSystemd, hasZram, ...places] = await Promise.all([
    firstThere(files, OWN_SETUPS),
    files.exists('/etc/systemd'),
    hasModule(files, kernelRelease),
    ...PROGRAMS.map((program) =>
      firstThere(
        files,
        PROGRAM_FOLDERS.map((folder) => `${folder}/${program}`),
      ),
    ),
  ]);
  const absent = PROGRAMS.filter((_, index) => places[index] === undefined);
  if (own) return `the image has its own, ${own}`;
  if (!hasSystemd) return 'the image has no systemd';
  if (absent.length > 0) return `the image has no ${absent.join(', ')}`;
  return hasZram ? undefined : `the image has no module zram for kernel ${kernelRelease}`;
}

/** As a module, where nearly every kernel has it, or built in. */
async function hasModule(files: RootFiles, release: string): Promise<boolean> {
  const names = await files.list(`/lib/modules/${release}/kernel/drivers/block/zram`);
  if (names.some((name) => name.startsWith('zram.ko'))) return true;
  return /\/zram\.ko$/m.test((await files.readText(`/lib/modules/${release}/modules.builtin`)) ?? '');
}

function unitText(bytes: number, algorithm: string | undefined): string {
  const choice = algorithm ? ` --algorithm ${algorithm}` : '';
  return `# Written by Viver at every start.
[Unit]
Description=Swap in compressed memory
DefaultDependencies=no
Before=swap.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -ec 'modprobe zram; device=$$(zramctl --find --size ${bytes}${choice}); mkswap "$$device"; swapon --priority 100 "$$device"; echo "$$device" >/run/viver-zram'
ExecStop=/bin/sh -ec 'read -r device </run/viver-zram; swapoff "$$device" || :; zramctl --reset "$$device"'
`;
}

const NO_SWAP_TEXT = `# Written by Viver at every start. The process that serves this machine's root and the room's blocks stays in memory.
[Scope]
MemorySwapMax=0
`;
