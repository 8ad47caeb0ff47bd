// Where the processes of this machine answer `viver field status`: a directory with one socket for each, named by process id.

import { join } from 'node:path';
import { CONTROL_SOCKET } from '../control/status.ts';
import type { Sys } from '../sys/sys.ts';

const MACHINE_DIRECTORY = '/run/viver';
const PREFIX = 'field-';

/** What decides about the place: the environment, and who we are. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  readonly processId: number;
}

/** The directory of this user's processes: of systemd's service, of the machine, or of the session; undefined when there is none. */
export function runtimeDirectory({ env, isRoot }: Surroundings): string | undefined {
  if (env.RUNTIME_DIRECTORY) return env.RUNTIME_DIRECTORY.split(':')[0];
  if (isRoot) return MACHINE_DIRECTORY;
  return env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'viver') : undefined;
}

export function controlSocketPath(surroundings: Surroundings): string | undefined {
  const directory = runtimeDirectory(surroundings);
  return directory && join(directory, `${PREFIX}${surroundings.processId}`);
}

/** Every place where a process may answer: the booted machine's own, and those of commands, services one directory deeper. */
export async function findControlSockets(sys: Sys, { env }: Surroundings): Promise<string[]> {
  const session = env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'viver')] : [];
  const found = [CONTROL_SOCKET];
  for (const directory of [MACHINE_DIRECTORY, ...session]) {
    const names = await sys.list(directory);
    for (const name of names) {
      if (name.startsWith(PREFIX)) found.push(join(directory, name));
      else found.push(...(await socketsIn(sys, join(directory, name))));
    }
  }
  return found;
}

/** A directory that we may not read has nothing that we may ask. */
async function socketsIn(sys: Sys, directory: string): Promise<string[]> {
  const names = await sys.list(directory).catch(() => []);
  return names.filter((name) => name.startsWith(PREFIX)).map((name) => join(directory, name));
}
