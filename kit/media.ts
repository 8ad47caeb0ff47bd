// `viver-kit media`: boot media out of images.

import { Command, Option } from 'commander';
import { createMedia } from './media/create-media.ts';

interface CreateFlags {
  image: string;
  output: string;
  format?: 'stick' | 'iso';
  kernel?: string;
  initrd?: string;
  append?: string;
  runes?: string;
  roomKey?: string;
  force?: boolean;
  yes?: boolean;
}

/** The sub-command for kit/main.ts. */
export function mediaCommand(): Command {
  const command = new Command('media').description('boot media: sticks and discs that BIOS and UEFI start');
  command
    .command('create')
    .description('put an image, its kernel and an initrd onto a stick, into a file for dd, or onto a disc to burn')
    .requiredOption('--image <file.viver>', 'image that the medium carries')
    .requiredOption('--output <stick.img|disc.iso|/dev/sdX>', 'file to make, or device to overwrite')
    .addOption(new Option('--format <format>', 'default: iso for NAME.iso, else stick').choices(['stick', 'iso']))
    .option('--initrd <file>', 'initrd (default: made for the kernel of the image)')
    .option('--kernel <file>', 'kernel (default: the one in the image)')
    .option('--append <parameters>', 'kernel parameters, such as "viver.role=first"')
    .option('--runes <dir>', 'folder with roles, runes and the like, which becomes RUNES of the medium')
    .option(
      '--room-key <file>',
      "the room's key, made there if it is not there yet (default: a new key for each medium)",
    )
    .option('--force', 'also a drive that is built in')
    .option('--yes', 'do not ask before a device is overwritten')
    .action(async (flags: CreateFlags) => {
      const consent = { force: flags.force === true, yes: flags.yes === true };
      const format = flags.format ?? (/\.iso$/i.test(flags.output) ? 'iso' : 'stick');
      await createMedia({ ...flags, format, consent, say: (line) => process.stderr.write(`${line}\n`) });
    });
  return command;
}
