// What diskless PCs start with when it is given to them instead of fetched by PXE: kernel and initrd out of the stick, and the command line that the first PC's
// boot server would give them. Emulated, fetching an initrd by PXE takes longer than all the rest of a boot, the more so for many at once.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ViverError } from '../../src/errors.ts';
import { BOOT_SET_PATH, decodeBootSet } from '../../src/images/boot-set.ts';
import { formatMagnet } from '../../src/vfield/magnet.ts';
import { runHere } from '../as-root.ts';
import type { GuestAgent } from '../guest-agent.ts';
import type { MachineDescription } from '../machine.ts';

/** UEFI specification: type of an EFI system partition. */
const EFI_SYSTEM = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const FIELD_PORT = 6881;
/** A guest that is kept from its processor believes that its timer does not work, and panics (Documentation/admin-guide/kernel-parameters.txt). */
const EMULATED = 'no_timer_check';

const TABLE = z.object({
  partitiontable: z.object({
    sectorsize: z.number(),
    partitions: z.array(z.object({ start: z.number(), type: z.string() })),
  }),
});

export type GivenBoot = NonNullable<MachineDescription['kernel']>;

/** @param directory For what is taken out of the stick. @throws ViverError LAB_PROGRAM_FAILED, LAB_BOOT, IMAGE_BAD_BOOT_SET */
export async function givenBoot(stick: string, directory: string, first: GuestAgent): Promise<GivenBoot> {
  await mkdir(directory, { recursive: true });
  const take = await takerOf(stick, directory);
  const { kernel, initrd, append, image } = decodeBootSet(await readFile(await take(BOOT_SET_PATH, 'boot.json')));
  const peers = [`${await addressOf(first)}:${FIELD_PORT}`];
  const magnet = formatMagnet({ infoHashV2: Uint8Array.fromHex(image.infoHash), name: image.label, peers });
  return {
    image: await take(kernel, 'kernel'),
    initrd: await take(initrd, 'initrd'),
    commandLine: `viver.image=${magnet} ${append} ${EMULATED}`,
  };
}

/** Copies files of the boot partition: mcopy(1) reads FAT at an offset of a file. */
async function takerOf(stick: string, directory: string): Promise<(path: string, name: string) => Promise<string>> {
  const { partitiontable } = TABLE.parse(JSON.parse(await runHere('sfdisk', ['--json', stick])));
  const boot = partitiontable.partitions.find(({ type }) => type === EFI_SYSTEM);
  if (!boot) throw new ViverError('LAB_BOOT', `${stick} has no boot partition`);
  return async (path, name) => {
    const output = join(directory, name);
    await runHere('mcopy', ['-n', '-i', `${stick}@@${boot.start * partitiontable.sectorsize}`, `::/${path}`, output]);
    return output;
  };
}

/** The first PC's own address in the room. */
async function addressOf(first: GuestAgent): Promise<string> {
  const { stdout } = await first.shell('ip -4 -oneline address show scope global');
  const address = /inet (\d+\.\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (!address) throw new ViverError('LAB_BOOT', 'the first PC has no address');
  return address;
}
