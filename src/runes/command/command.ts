// `viver runes`: the sub-commands and their options. What they do is imported when it is wanted: `viver status` on a booted machine is to be quick.

import { Command, Option } from 'commander';
import { CONTROL_SOCKET } from '../../control/status.ts';
import type { Stage } from '../contract/rune.ts';
import type { SurveyPlaces } from './report.ts';

/** As in ../contract/rune.ts, which would bring the schemas with it. */
const STAGES: readonly Stage[] = ['configure', 'serve'];

/** The sub-command for src/control/main.ts. */
export function runesCommand(): Command {
  const command = new Command('runes').description('roles and runes: what would run, in which order, and why');
  addList(command);
  addCheck(command);
  addExplain(command);
  addRun(command);
  return command;
}

function addList(command: Command): void {
  withSurvey(command.command('list'))
    .description(
      'the runes there are, or those of one role in the order of their start; on a booted machine, what ran and runs',
    )
    .option('--role <role>', 'those of this role')
    .option('--json', 'as JSON')
    .action(async ({ role, json, ...places }: SurveyPlaces & { role?: string; json?: boolean }) => {
      const { reportList } = await import('./report.ts');
      process.stdout.write(await reportList(places, role, json ?? false));
    });
}

function addCheck(command: Command): void {
  withSurvey(command.command('check'))
    .description('name every fault of role tables and runes, a line each; exit status 1 when there is one')
    .argument('[role...]', 'these roles only (default: all of the tables, and all rune files)')
    .action(async (roles: string[], places: SurveyPlaces) => {
      const { reportCheck } = await import('./report.ts');
      const { text, isGood } = await reportCheck(places, roles);
      process.stdout.write(text);
      if (!isGood) process.exitCode = 1;
    });
}

function addExplain(command: Command): void {
  withSurvey(command.command('explain'))
    .description('why each rune of a role runs, what it needs, who offers that, what is overridden and left out')
    .argument('[role]', 'default on a booted machine: its own')
    .option('--json', 'as JSON')
    .action(async (role: string | undefined, { json, ...places }: SurveyPlaces & { json?: boolean }) => {
      const { reportExplanation } = await import('./report.ts');
      process.stdout.write(await reportExplanation(places, role, json ?? false));
    });
}

interface RunFlags {
  root: string;
  medium?: string;
  stage: Stage;
  facts?: string;
  fact: string[];
  output?: string;
  inPlace?: boolean;
  debug?: boolean;
}

function addRun(command: Command): void {
  withPlaces(command.command('run'), true)
    .description('run a role, or single rune files, on an image tree without a machine; nothing on the disk is changed')
    .argument('<what...>', 'a role, or files NAME.ts')
    .addOption(new Option('--stage <stage>', 'serve runs until Ctrl-C').choices(STAGES).default('configure'))
    .option('--facts <file.json>', 'facts of the machine, laid over the made-up ones')
    .option('--fact <name=value>', 'one fact, such as bootNic.hostName=lab-07; may be repeated', collect, [])
    .option('--output <dir>', 'write the changed files, and only them, below this directory')
    .option('--in-place', 'change the tree itself')
    .option('--debug', 'say more; each call between runes, too')
    .action(async (words: string[], flags: RunFlags) => {
      const [{ runOnDesk }, { runContext }] = await Promise.all([import('../desk/run.ts'), import('./run-context.ts')]);
      if (!(await runOnDesk(words, flags, runContext()))) process.exitCode = 1;
    })
    .addHelpText(
      'after',
      `
Examples:
  viver runes run node --root tree
  viver runes run printers.ts --root / --fact bootNic.hostName=lab-07`,
    );
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

/** What is looked at: files on the desk, or without any the machine that runs here. */
function withSurvey(command: Command): Command {
  return withPlaces(command).option(
    '--socket <path>',
    'on a booted machine, without --root and --medium: the control socket of its process',
    CONTROL_SOCKET,
  );
}

/** Where the files are read. */
function withPlaces(command: Command, mustHaveRoot = false): Command {
  const root = new Option('--root <dir>', 'tree of an image, or where it is mounted: its etc/RUNES is read');
  return command
    .addOption(root.makeOptionMandatory(mustHaveRoot))
    .option('--medium <dir>', "the stick's FAT partition: its RUNES folder wins over the image's");
}
