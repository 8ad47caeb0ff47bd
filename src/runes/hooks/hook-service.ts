// The host process's end of the interface `hooks`: runs the scripts of stage `configure` in the new root, each as a child with its own process group, a
// time limit and bounded output. Never on a thread that the root waits for.

import { ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Sys } from '../../sys/sys.ts';
import type { ChrootCommand } from '../files/shell-files.ts';
import type { RuneFolder } from '../roles/rune-folder.ts';
import { type HookFile, hooksOf } from './hook-files.ts';
import { RUN_HOOK } from './run-hook.ts';

export interface HookServiceOptions {
  readonly sys: Pick<Sys, 'follow' | 'makeDirectory' | 'writeText' | 'run'>;
  readonly log: Log;
  readonly folders: readonly RuneFolder[];
  /** The new root as this process sees it, and how to enter it. */
  readonly root: string;
  readonly chroot: ChrootCommand;
  /** A folder in memory that has the same path here and in the new root. */
  readonly sharedRun: string;
}

interface HookRequest {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** More lines of one hook are counted, not logged. */
export const MAX_HOOK_LINES = 200;
const IMAGE_HOOKS = '/etc/RUNES/hooks/configure';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Functions of the interface; requests were checked by their schema. */
export function createHookService(options: HookServiceOptions) {
  return { list: () => listHooks(options.folders), run: (request: HookRequest) => runHook(options, request) };
}

/** On the desk nothing is run that is meant for another machine: only said. */
export function createDeskHookService(folders: readonly RuneFolder[], log: Log) {
  return {
    list: () => listHooks(folders),
    run: ({ name, environment }: HookRequest) => {
      const variables = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
      log.info(`hook ${name} would run with ${variables.join(' ')}`);
      return { status: 0, milliseconds: 0 };
    },
  };
}

function listHooks(folders: readonly RuneFolder[]) {
  const plain = ({ name, origin, text }: HookFile) => ({ name, origin, ...(text === undefined ? {} : { text }) });
  return {
    configure: hooksOf(folders, 'configure').map(plain),
    serve: hooksOf(folders, 'serve').map(plain),
    faults: folders.flatMap(({ hooks }) => hooks?.faults ?? []),
  };
}

async function runHook(
  options: HookServiceOptions,
  { name, environment, seconds }: HookRequest,
): Promise<{ status?: number; milliseconds: number }> {
  const { sys, log, folders, root, chroot } = options;
  const hook = hooksOf(folders, 'configure').find((known) => known.name === name);
  if (!hook) throw new ViverError('RUNES_NO_HOOK', `there is no hook ${name} of stage configure`);
  const path = await placeOf(options, hook);
  const [program, ...first] = chroot;
  const output = limitedOutput(log.child(name));
  const began = performance.now();
  const running = sys.follow(program, [...first, root, '/bin/sh', '-c', RUN_HOOK, 'hook', path], output.take, {
    onErrorLine: output.take,
    environment: { PATH, ...environment },
    endsWithin: seconds * 1000,
  });
  const status = await running.ended;
  output.close();
  return { ...(status === undefined ? {} : { status }), milliseconds: Math.round(performance.now() - began) };
}

/** In the new root. A hook of the medium is written to memory that both roots see: nothing of the new root is opened from here. */
async function placeOf({ sys, sharedRun }: HookServiceOptions, { name, text }: HookFile): Promise<string> {
  if (text === undefined) return `${IMAGE_HOOKS}/${name}`;
  const folder = `${sharedRun}/hooks/configure`;
  await sys.makeDirectory(folder);
  await sys.writeText(`${folder}/${name}`, text);
  await sys.run('chmod', ['700', `${folder}/${name}`]);
  return `${folder}/${name}`;
}

function limitedOutput(log: Log): { take(line: string): void; close(): void } {
  let lines = 0;
  return {
    take: (line) => {
      if (++lines <= MAX_HOOK_LINES) log.info(line);
    },
    close: () => {
      if (lines > MAX_HOOK_LINES) log.warn(`${lines - MAX_HOOK_LINES} further lines are not shown`);
    },
  };
}
