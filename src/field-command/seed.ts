// `viver field seed`: an image that lies in a file of this machine, served to the room.

import { ViverError } from '../errors.ts';
import type { Sys } from '../sys/sys.ts';
import { damagedPieces } from '../vfield/damaged-pieces.ts';
import { type FileSource, openFileSource } from '../vfield/file-source.ts';
import type { Metainfo } from '../vfield/metainfo.ts';
import type { ListenAddress } from './addresses.ts';
import { describeFile } from './image-name.ts';
import { answerStatus, type CommandContext, type MemberOptions, openMember, sayMember } from './member.ts';
import { formatCount } from './sizes.ts';

export interface SeedOptions extends MemberOptions {
  readonly listen: ListenAddress;
  /** The image's bytes, when the first file is only a .torrent. */
  readonly content?: string;
  /** Compare every piece with its hash before anything is served. */
  readonly verify: boolean;
}

/** Serves until a signal. @throws ViverError FIELD_NO_IMAGE, FIELD_NO_CONTENT, IMAGE_DAMAGED, FIELD_LISTEN */
export async function runSeed(path: string, options: SeedOptions, context: CommandContext): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const { metainfo, contentPath } = await findContent(path, options.content, context.sys);
  const local = await openFileSource(contentPath, { sizeBytes: metainfo.lengthBytes });
  undo.defer(() => local.close());
  if (options.verify) await verify(contentPath, local, metainfo, context);
  const field = await openMember({ metainfo, local, shareBytes: 0 }, options.listen, options, context, undo);
  const image = { label: metainfo.image.label, source: contentPath };
  const status = () => ({ role: 'seed', processId: process.pid, image, field: field.status() });
  await answerStatus(options.control, status, context, undo);
  sayMember(field, options.listen);
  await context.lifetime.ended;
}

async function findContent(
  path: string,
  content: string | undefined,
  sys: Sys,
): Promise<{ metainfo: Metainfo; contentPath: string }> {
  const { image, hasContent } = await describeFile(path, sys);
  if (!image.metainfo) {
    const message = `${path} is a .torrent of version 1, without the hashes of the field: give NAME.viver, or a .torrent made with --hybrid`;
    throw new ViverError('FIELD_NO_IMAGE', message);
  }
  const contentPath = content ?? (hasContent ? path : undefined);
  if (contentPath !== undefined) return { metainfo: image.metainfo, contentPath };
  const message = `${path} only describes an image: name the file with its bytes, --content FILE`;
  throw new ViverError('FIELD_NO_CONTENT', message);
}

async function verify(path: string, local: FileSource, metainfo: Metainfo, context: CommandContext): Promise<void> {
  const { ending } = context.lifetime;
  context.log.info(`comparing ${formatCount(metainfo.pieceCount, 'piece')} of ${path} with their hashes`);
  const damaged = await damagedPieces(local, metainfo, undefined, ending);
  if (damaged.length === 0) return;
  throw new ViverError(
    'IMAGE_DAMAGED',
    `${path}: ${damaged.length} of ${metainfo.pieceCount} pieces differ, piece ${damaged[0]} first`,
  );
}
