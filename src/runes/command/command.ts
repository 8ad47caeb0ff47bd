// `viver runes`: the sub-commands and their options. What they do is imported when it is wanted: `viver status` on a booted machine is to be quick.

import { Command } from 'commander';
import type { DeskPlaces } from '../survey/desk-folders.ts';

/** The sub-command for src/control/main.ts. */
export function runesCommand(): Command {
  const command = new Command('runes').description('roles and runes: what would run, in which order, and why');
  addList(command);
  addCheck(command);
  addExplain(command);
  return command;
}

function addList(command: Command): void {
  withPlaces(command.command('list'))
    .description('the runes there are, or those of one role in the order of their start')
    .option('--role <role>', 'those of this role')
    .option('--json', 'as JSON')
    .action(async ({ role, json, ...places }: DeskPlaces & { role?: string; json?: boolean }) => {
      const { reportList } = await import('./report.ts');
      process.stdout.write(await reportList(places, role, json ?? false));
    });
}

function addCheck(command: Command): void {
  withPlaces(command.command('check'))
    .description('name every fault of role tables and runes, a line each; exit status 1 when there is one')
    .argument('[role...]', 'these roles only (default: all of the tables, and all rune files)')
    .action(async (roles: string[], places: DeskPlaces) => {
      const { reportCheck } = await import('./report.ts');
      const { text, isGood } = await reportCheck(places, roles);
      process.stdout.write(text);
      if (!isGood) process.exitCode = 1;
    });
}

function addExplain(command: Command): void {
  withPlaces(command.command('explain'))
    .description('why each rune of a role runs, what it needs, who offers that, what is overridden and left out')
    .argument('<role>')
    .option('--json', 'as JSON')
    .action(async (role: string, { json, ...places }: DeskPlaces & { json?: boolean }) => {
      const { reportExplanation } = await import('./report.ts');
      process.stdout.write(await reportExplanation(places, role, json ?? false));
    });
}

/** Where the files are read. */
function withPlaces(command: Command): Command {
  return command
    .option('--root <dir>', 'tree of an image, or where it is mounted: its etc/RUNES is read')
    .option('--medium <dir>', "the stick's FAT partition: its RUNES folder wins over the image's");
}
