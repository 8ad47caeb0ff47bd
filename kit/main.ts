// viver-kit: what an administrator does on a Linux machine. Each sub-command lives in a file of its own.

import { Command } from 'commander';
import { labCommand } from '../lab/command.ts';
import { runProgram } from '../src/program.ts';
import { hardwareCommand } from './hardware.ts';
import { imageCommand } from './image.ts';
import { initrdCommand } from './initrd.ts';
import { mediaCommand } from './media.ts';
import { runeCommand } from './rune.ts';

const program = new Command('viver-kit').description(
  'Turn an installed Linux into a disk image and a boot stick, and try a room in virtual machines',
);

program.addCommand(hardwareCommand());
program.addCommand(imageCommand());
program.addCommand(initrdCommand());
program.addCommand(labCommand());
program.addCommand(mediaCommand());
program.addCommand(runeCommand());

await runProgram(program, process.argv);
