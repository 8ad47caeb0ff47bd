// `viver-kit rune`: writing runes. What runs them on the desk is `viver runes`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { ViverError } from '../src/errors.ts';
import { builtinStage } from '../src/runes/builtin/builtin.ts';
import { STAGES, type Stage } from '../src/runes/contract/rune.ts';
import { newRune } from './rune/new-rune.ts';

const LOADER = new URL('../src/runes/testing/loader.ts', import.meta.url);

/** The sub-command for kit/main.ts. */
export function runeCommand(): Command {
  const command = new Command('rune').description('write runes: plug-ins that make a machine of an image');
  command
    .command('new')
    .description('make a rune, NAME.ts, and its test, NAME.test.ts')
    .argument('<name>', "lower-case words joined by '-'")
    .addOption(
      new Option('--stage <stage>', 'configure: before the system starts; serve: while it runs')
        .choices(STAGES)
        .default('configure'),
    )
    .option('--directory <dir>', 'where they are made', '.')
    .action(async (name: string, { stage, directory }: { stage: Stage; directory: string }) => {
      for (const path of await newRune(name, stage, directory)) process.stdout.write(`${path}\n`);
      if (builtinStage(name)) process.stderr.write(`note: it takes the place of the built-in rune ${name}\n`);
    });
  command
    .command('test')
    .description("run runes' tests with the Node that the runes will run on; needs nothing installed")
    .argument('[file...]', 'default: all NAME.test.ts of this directory')
    .action(async (files: string[]) => {
      process.exitCode = await testRunes(files.length > 0 ? files : globSync('*.test.{ts,js}'));
    });
  return command;
}

/** @returns the exit status of Node's test runner. @throws ViverError KIT_RUNE_NO_TEST */
async function testRunes(files: readonly string[]): Promise<number> {
  if (files.length === 0) throw new ViverError('KIT_RUNE_NO_TEST', 'there is no NAME.test.ts in this directory');
  const flags = ['--disable-warning=ExperimentalWarning', '--import', fileURLToPath(LOADER), '--test'];
  const child = spawn(process.execPath, [...flags, ...files], { stdio: 'inherit' });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status ?? 1;
}
