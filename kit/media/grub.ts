// GRUB for a stick: the menu, and the two pieces that BIOS starts, tied together as grub-bios-setup does it. Pure.
// Offsets are those of GRUB 2's boot.S and diskboot.S (include/grub/i386/pc/boot.h):
//   boot.img   0x5c  u64  sector of core.img          0x66  u16  jump that decides whether to believe the BIOS's drive number
//   core.img   0x1f4 u64  sector of its second sector, 0x1fc u16 number of sectors, 0x1fe u16 load segment; the end of its first sector

import { ViverError } from '../../src/errors.ts';
import { MBR_CODE_BYTES, SECTOR_BYTES } from './gpt.ts';

const KERNEL_SECTOR_OFFSET = 0x5c;
const DRIVE_CHECK_OFFSET = 0x66;
const BLOCK_LIST_OFFSET = SECTOR_BYTES - 12;
const LOAD_SEGMENT = 0x820;
/** Two `nop`: some BIOSes give a wrong drive number for a hard disk, and GRUB then takes 0x80. */
const NO_DRIVE_CHECK = [0x90, 0x90];

/** Modules inside core.img: all that the menu needs, so that no module is loaded from the stick. */
export const CORE_MODULES = (
  'biosdisk part_gpt part_msdos fat iso9660 normal configfile linux echo test search search_fs_file search_label ' +
  'serial terminal minicmd reboot halt all_video sleep true'
).split(' ');

/** GRUB for BIOS as Debian's grub-pc-bin has it. */
export const GRUB_FOLDER = '/usr/lib/grub/i386-pc';

/** Where the ESP is seen from GRUB: second partition of the drive that the BIOS started. */
export const CORE_PREFIX = '(,gpt2)/viver';

/** The first 440 bytes of the disk: boot.img told where core.img begins. @throws ViverError KIT_BAD_GRUB */
export function patchBootImage(bootImage: Uint8Array, coreSector: number): Uint8Array {
  if (bootImage.length !== SECTOR_BYTES) throw new ViverError('KIT_BAD_GRUB', `boot.img has ${bootImage.length} bytes`);
  const patched = bootImage.slice(0, MBR_CODE_BYTES);
  new DataView(patched.buffer).setBigUint64(KERNEL_SECTOR_OFFSET, BigInt(coreSector), true);
  patched.set(NO_DRIVE_CHECK, DRIVE_CHECK_OFFSET);
  return patched;
}

/** core.img for a place on disk where its sectors follow each other. @throws ViverError KIT_BAD_GRUB */
export function patchCoreImage(coreImage: Uint8Array, coreSector: number, roomBytes: number): Uint8Array {
  const sectors = Math.ceil(coreImage.length / SECTOR_BYTES);
  if (coreImage.length < 2 * SECTOR_BYTES || sectors * SECTOR_BYTES > roomBytes) {
    throw new ViverError('KIT_BAD_GRUB', `core.img has ${coreImage.length} bytes, there is room for ${roomBytes}`);
  }
  const patched = new Uint8Array(sectors * SECTOR_BYTES);
  patched.set(coreImage);
  const view = new DataView(patched.buffer);
  if (view.getUint16(BLOCK_LIST_OFFSET + 10, true) !== LOAD_SEGMENT) {
    throw new ViverError('KIT_BAD_GRUB', 'core.img has no block list where GRUB 2 keeps it');
  }
  view.setBigUint64(BLOCK_LIST_OFFSET, BigInt(coreSector + 1), true);
  view.setUint16(BLOCK_LIST_OFFSET + 8, sectors - 1, true);
  return patched;
}

export interface GrubMenu {
  /** Label of the image, shown to the person at the machine. */
  readonly title: string;
  /** Paths from the root of the boot partition. */
  readonly kernel: string;
  readonly initrd: string;
  readonly append: string;
}

/** grub.cfg: starts by itself after two seconds; BIOS and UEFI, screen and serial line. */
export function formatGrubMenu(menu: GrubMenu): string {
  const entries = [
    formatEntry(menu, '', ''),
    formatEntry(menu, ' (verbose)', 'viver.debug loglevel=7'),
    formatEntry(menu, ' (rescue shell in the initrd)', 'viver.shell'),
  ];
  return `# The menu of this medium. The machine that starts from it reads boot.json beside this file to start the others.
set timeout=2
set default=0
# UEFI firmware mirrors its console to the serial line by itself; a PC without a serial port just fails the test.
if [ "$grub_platform" = "pc" ]; then
  if serial --unit=0 --speed=115200; then
    terminal_input console serial
    terminal_output console serial
  fi
fi
${entries.join('')}`;
}

/** What the signed GRUB of Debian reads first (its prefix is /EFI/debian): go on with the menu on the same partition. */
export const SIGNED_GRUB_MENU = 'configfile ($root)/viver/grub.cfg\n';

function formatEntry(menu: GrubMenu, suffix: string, more: string): string {
  const parameters = splitParameters([menu.append, more].filter(Boolean).join(' '));
  // GRUB puts double quotes around a word with blanks by itself, and would escape ours (grub-core/loader/cmdline.c).
  const words = parameters.map((parameter) => quoteForGrub(parameter.replaceAll('"', '')));
  return `menuentry ${quoteForGrub(`${menu.title}${suffix}`)} {
  echo "Loading ..."
  linux /${menu.kernel} ${words.join(' ')}
  initrd /${menu.initrd}
}
`;
}

/** Kernel parameters at their blanks; quotes keep blanks together, as in the kernel (lib/cmdline.c). */
export function splitParameters(text: string): string[] {
  return text.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
}

/** A word that GRUB's shell leaves as it is (GRUB manual, "Shell-like scripting": quoting as in sh). */
export function quoteForGrub(word: string): string {
  if (/^[A-Za-z0-9_.,:/=@%+-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
