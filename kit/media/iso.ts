// A CD image with what a stick has: El Torito entries for BIOS (GRUB) and UEFI (signed shim and GRUB in a small FAT), kernel, initrd and
// boot.json in /viver, the image in the root. Made by xorriso; ISO 9660 level 3, so that the image may be larger than 4 GiB.
// Sources: El Torito 1.0; UEFI specification 13.3.2; the manual of xorrisofs.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '../child.ts';
import { startProgress } from '../progress-bar.ts';
import type { BootMedium } from './boot-medium.ts';
import { type BootFile, makeBootPartition, SIGNED_MENU_PATH, totalBytes } from './boot-partition.ts';
import { SECTOR_BYTES } from './gpt.ts';
import { CORE_MODULES } from './grub.ts';

/** Volume name of the disc; also what `viver.media=LABEL=VIVER` finds. */
const VOLUME_LABEL = 'VIVER';
/** Room for the FAT's own tables beside the loaders. */
const FAT_SPARE_BYTES = 2 * 1024 * 1024;
/**
 * The loaders lie in a FAT of their own, which some firmware shows as a drive, so that the signed GRUB starts there; elsewhere it finds
 * itself on the disc. This menu is in both places and leads to the disc.
 */
const FIND_DISC = 'search --no-floppy --file --set=root /viver/boot.json\nconfigfile ($root)/viver/grub.cfg\n';

/** Writes the disc to `output`. @throws ViverError KIT_PROGRAM_FAILED, KIT_DISK_FULL */
export async function writeIso(output: string, plan: BootMedium, signal: AbortSignal): Promise<void> {
  const { scratch, image } = plan;
  const menu = join(scratch, 'find-disc.cfg');
  await writeFile(menu, FIND_DISC);
  const files = [
    ...plan.files.filter(({ path }) => !path.startsWith('EFI/')),
    { path: SIGNED_MENU_PATH, source: menu },
    { path: 'viver/bios.img', source: await biosLoader(scratch, signal) },
    { path: 'viver/efi.img', source: await efiLoaders(plan, menu, signal) },
    { path: `${image.metainfo.image.label}.viver`, source: image.path },
  ];
  const progress = startProgress('Writing the disc');
  try {
    await runChecked('xorriso', isoArguments(output, files, plan.timeSeconds), {
      signal,
      env: { ...process.env, SOURCE_DATE_EPOCH: `${plan.timeSeconds}`, TZ: 'UTC' },
      onOutput: (text) => progress.update(lastPercentage(text)),
    });
    progress.done();
  } catch (error) {
    progress.abandon();
    throw error;
  }
}

/** The last `12.3% done` of xorriso as a part of 1. */
export function lastPercentage(text: string): number {
  const last = [...text.matchAll(/(\d+(?:\.\d+)?)% done/g)].at(-1);
  return last ? Number(last[1]) / 100 : 0;
}

function isoArguments(output: string, files: readonly BootFile[], timeSeconds: number): string[] {
  const names = ['-V', VOLUME_LABEL, '-iso-level', '3', '-full-iso9660-filenames', '-R'];
  const bios = [
    '-b',
    'viver/bios.img',
    '-no-emul-boot',
    '-boot-load-size',
    '4',
    '-boot-info-table',
    '--grub2-boot-info',
  ];
  const efi = ['-eltorito-alt-boot', '-e', 'viver/efi.img', '-no-emul-boot'];
  const grafts = files.map(({ path, source }) => `/${escapeGraft(path)}=${escapeGraft(source)}`);
  // The variable SOURCE_DATE_EPOCH covers the volume's times, not those of files that are taken from disk.
  const times = ['--set_all_file_dates', `=${timeSeconds}`];
  return ['-as', 'mkisofs', ...names, ...times, ...bios, ...efi, '-o', output, '-graft-points', ...grafts];
}

/** In graft points `=` and `\` are separators. */
function escapeGraft(path: string): string {
  return path.replace(/[\\=]/g, '\\$&');
}

/** GRUB's boot image for El Torito: it looks for its menu on the disc it came from. */
async function biosLoader(scratch: string, signal: AbortSignal): Promise<string> {
  const output = join(scratch, 'bios.img');
  await runChecked('grub-mkimage', ['-O', 'i386-pc-eltorito', '-p', '/viver', '-o', output, ...CORE_MODULES], {
    signal,
  });
  return output;
}

async function efiLoaders(plan: BootMedium, menu: string, signal: AbortSignal): Promise<string> {
  const loaders = plan.files
    .filter(({ path }) => path.startsWith('EFI/'))
    .map((file) => (file.path === SIGNED_MENU_PATH ? { ...file, source: menu } : file));
  const output = join(plan.scratch, 'efi.img');
  const bytes = (await totalBytes(loaders)) + FAT_SPARE_BYTES;
  const extent = { firstSector: 0, sectors: Math.ceil(bytes / 1024) * (1024 / SECTOR_BYTES) };
  await makeBootPartition(
    loaders,
    output,
    extent,
    { volumeId: 0x56495645, bits: 16, timeSeconds: plan.timeSeconds },
    signal,
  );
  return output;
}
