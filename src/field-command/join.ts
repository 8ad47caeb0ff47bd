// `viver field join`: a copy of an image, or a part of it, in this machine's RAM, for the room and for this machine: as an NBD export and as a mount, while it is
// still arriving.

import { totalmem } from 'node:os';
import { readMemory } from '../sys/memory-reading.ts';
import { removeStaleSocket } from '../sys/stale-socket.ts';
import { systemClock } from '../vfield/clock.ts';
import type { Field } from '../vfield/field.ts';
import { listenNbd, type NbdAddress } from '../vfield/nbd/listener.ts';
import { followMemory } from '../vfield/share-watch.ts';
import type { ListenAddress } from './addresses.ts';
import type { CommandStatus } from './command-status.ts';
import { FIELD_PORT, isPortFree } from './field-port.ts';
import { watchHolding } from './holding.ts';
import { findNamedImage, type NamedImage } from './image-name.ts';
import { answerStatus, type CommandContext, type MemberOptions, openMember, sayMember } from './member.ts';
import { planMount, startMount } from './mount/start.ts';
import { formatNbdUri } from './nbd-address.ts';
import { type Share, shareBytes } from './share.ts';
import { formatBytes } from './sizes.ts';
import { sayFact } from './terminal.ts';

/** Block devices have whole sectors. */
const SECTOR_BYTES = 4096;

export interface JoinOptions extends MemberOptions {
  /** 6881 on all addresses, or any free port when that is taken, without it. */
  readonly listen?: ListenAddress;
  readonly share: Share;
  /** Where the image lies on HTTP servers, beside those that it names itself. */
  readonly webSeed: readonly string[];
  readonly nbd?: NbdAddress;
  readonly mount?: string;
}

/** Holds and serves until a signal. @throws ViverError for bad input, a taken port, or a machine that can't mount */
export async function runJoin(name: string, options: JoinOptions, context: CommandContext): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const mount = options.mount === undefined ? undefined : await planMount(options.mount, context);
  const named = await findNamedImage(name, context.sys, context.lifetime.ending);
  const image = { ...named, webSeeds: [...(named.webSeeds ?? []), ...options.webSeed] };
  const listen = options.listen ?? (await usualListen(context));
  const bytes = shareBytes(
    options.share,
    Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
  );
  if (image.magnet) sayWhomToAsk(image, options.peer, context);
  const field = await openMember({ ...image, shareBytes: bytes }, listen, options, context, undo);
  sayMember(field, listen);
  sayFact('share', formatBytes(field.status().shareBytes));
  watchHolding(field, sayFact, undo);
  const { sys, log } = context;
  undo.defer(followMemory({ field, readMemory: () => readMemory(sys), clock: systemClock, log }));
  const nbd = options.nbd && (await exportByNbd(field, options.nbd, context, undo));
  const mounted: { at?: string } = {};
  const source = /^magnet:/i.test(name) ? 'the field' : name;
  await answerStatus(options.control, () => statusNow(field, source, nbd, mounted.at), context, undo);
  if (mount) mounted.at = await startMount(mount, field, context, undo);
  await context.lifetime.ended;
}

function sayWhomToAsk({ magnet, peers }: NamedImage, more: readonly string[], { log }: CommandContext): void {
  const all = [...peers, ...(typeof magnet === 'object' ? magnet.peers : []), ...more];
  log.info(`asking what the image is: ${all.join(' ') || 'whoever is found on the network'}`);
}

/** A machine may seed one image and join for another. */
async function usualListen({ log }: CommandContext): Promise<ListenAddress> {
  if (await isPortFree(FIELD_PORT)) return { port: FIELD_PORT };
  log.info(`port ${FIELD_PORT} is taken: another one is used`);
  return { port: 0 };
}

/** @returns the URI of the export. */
async function exportByNbd(
  field: Field,
  address: NbdAddress,
  { log }: CommandContext,
  undo: AsyncDisposableStack,
): Promise<string> {
  if ('path' in address) await removeStaleSocket(address.path);
  const { label, kernelRelease } = field.metainfo.image;
  const description = `kernel ${kernelRelease}`;
  const listener = await listenNbd([{ name: label, description, source: field.source }], address, {
    log: log.child('nbd'),
    padToBytes: SECTOR_BYTES,
  });
  undo.defer(() => listener.close());
  const uri = formatNbdUri(address, listener.port);
  sayFact('nbd', uri);
  return uri;
}

function statusNow(field: Field, source: string, nbd: string | undefined, mount: string | undefined): CommandStatus {
  return {
    role: 'join',
    processId: process.pid,
    image: { label: field.metainfo.image.label, source },
    field: field.status(),
    ...(nbd === undefined ? {} : { nbd }),
    ...(mount === undefined ? {} : { mount }),
  };
}
