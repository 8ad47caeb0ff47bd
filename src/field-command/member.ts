// What `seed` and `join` have in common: the field opened with what the command line says, what is said of it, and the control socket.

import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { openControlSocket } from '../control/control-socket.ts';
import type { Log } from '../log.ts';
import type { Sys } from '../sys/sys.ts';
import { type Field, type FieldOptions, openField } from '../vfield/field.ts';
import { formatMagnet } from '../vfield/magnet.ts';
import { ownProcess } from '../vfield/own-process.ts';
import { type ListenAddress, reachableAddresses } from './addresses.ts';
import type { CommandStatus } from './command-status.ts';
import { controlSocketPath } from './control-place.ts';
import type { Lifetime } from './lifetime.ts';
import { formatImageSize } from './sizes.ts';
import { sayFact } from './terminal.ts';

/** Options of every command that takes part. */
export interface MemberOptions {
  /** Addresses of first peers, `host:port`. */
  readonly peer: readonly string[];
  /** Local discovery: on, off, or on the networks of these addresses. */
  readonly discover: boolean | readonly string[];
  /** Path of the control socket. */
  readonly control?: string;
}

/** What a command works with. */
export interface CommandContext {
  readonly sys: Sys;
  readonly log: Log;
  readonly lifetime: Lifetime;
}

type Image = Pick<FieldOptions, 'metainfo' | 'magnet' | 'local' | 'peers' | 'shareBytes'>;

/** Joins the field, to be left with `undo`. @throws ViverError FIELD_LISTEN when the port is taken */
export async function openMember(
  image: Image,
  listen: ListenAddress,
  options: MemberOptions,
  { log, lifetime }: CommandContext,
  undo: AsyncDisposableStack,
): Promise<Field> {
  const field = await openField({
    ...image,
    listen,
    peers: [...(image.peers ?? []), ...options.peer],
    discovery: options.discover,
    ...ownProcess,
    log,
    signal: lifetime.ending,
  });
  undo.defer(() => field.close());
  return field;
}

/** Says what others need to know to come here. */
export function sayMember({ metainfo, port }: Field, { host }: ListenAddress): void {
  const { label, kernelRelease, architecture } = metainfo.image;
  const machine = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const { infoHashV2, infoHashV1 } = metainfo;
  sayFact('image', `${label} (kernel ${kernelRelease}, ${architecture}), ${formatImageSize(metainfo)}`);
  sayFact('info hash', infoHashV2.toHex());
  sayFact('port', port);
  sayFact(
    'magnet',
    formatMagnet({ infoHashV2, infoHashV1, name: label, peers: reachableAddresses(host, port, machine) }),
  );
}

/** Answers `viver field status` until `undo`. */
export async function answerStatus(
  path: string | undefined,
  status: () => CommandStatus,
  { sys, log }: CommandContext,
  undo: AsyncDisposableStack,
): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const place = path ?? controlSocketPath({ env: process.env, isRoot, processId: process.pid });
  if (place === undefined) {
    log.info("no place for a control socket: give --control PATH, if 'viver field status' is to find this process");
    return;
  }
  await sys.makeDirectory(dirname(place));
  const server = await openControlSocket(place, { status: async () => status() });
  undo.defer(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
}
