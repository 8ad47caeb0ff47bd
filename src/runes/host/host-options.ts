// Puts a host's options together from the plain data that crosses to its thread.

import type { Log } from '../../log.ts';
import { builtinRunes } from '../builtin/builtin.ts';
import type { AnyRune } from '../contract/rune.ts';
import type { BuiltinRunes, HostOptions } from './options.ts';
import type { JoinRoom } from './room.ts';
import type { HostWorkerData, ServiceCall, StartOptions } from './start.ts';

/** @param here What only a host in the caller's own thread can be given. */
export async function hostOptions(
  data: HostWorkerData,
  log: Log,
  callService: ServiceCall,
  here: Pick<StartOptions, 'files' | 'builtin' | 'onCall' | 'joinRoom' | 'onMembers'> = {},
): Promise<HostOptions> {
  const files = here.files ?? (data.root ? await filesOf(data.root) : undefined);
  return {
    stage: data.stage,
    runes: data.runes,
    foreign: data.foreign,
    facts: data.facts,
    settings: data.settings,
    settingPlaces: data.settingPlaces,
    limits: data.limits,
    log,
    builtin: here.builtin ? tableOf(here.builtin) : builtinRunes,
    services: data.services.map((id) => ({ id, call: (method, request) => callService(id.name, method, request) })),
    ...(files ? { files } : {}),
    ...roomOf(data, log, here),
    ...(here.onCall ? { onCall: here.onCall } : {}),
  };
}

/** The engine behind the room is read only on machines that are in one. */
function roomOf(
  { room }: HostWorkerData,
  log: Log,
  { joinRoom, onMembers }: Pick<StartOptions, 'joinRoom' | 'onMembers'>,
): Pick<HostOptions, 'room'> {
  if (!room) return {};
  const join: JoinRoom = async (handlers) => {
    if (joinRoom) return joinRoom({ ...room, handlers });
    const { joinCluster } = await import('../../cluster/connect.ts');
    return joinCluster({ ...room, handlers }, log.child('room'));
  };
  return { room: onMembers ? { join, onMembers } : { join } };
}

async function filesOf({ path, chroot }: NonNullable<HostWorkerData['root']>) {
  const [{ createShellFiles }, { LinuxSys }] = await Promise.all([
    import('../files/shell-files.ts'),
    import('../../sys/linux.ts'),
  ]);
  const sys = new LinuxSys();
  return createShellFiles((...call) => sys.run(...call), path, chroot);
}

function tableOf(runes: readonly AnyRune[]): BuiltinRunes {
  return Object.fromEntries(runes.map((rune) => [rune.name, async () => rune]));
}
