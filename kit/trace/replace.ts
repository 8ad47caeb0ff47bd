// Puts a boot trace into an image file, or takes it out. The file is copied and the copy renamed over it, so that it is at any moment the old image or the
// new one: metainfo and its length lie too far apart to be written at once. Squashfs and info hash stay as they are.

import { constants } from 'node:fs';
import { appendFile, chown, copyFile, realpath, stat, truncate } from 'node:fs/promises';
import { ViverError } from '../../src/errors.ts';
import { encodeImageTrailer } from '../../src/images/format.ts';
import { encodeMetainfo, type Metainfo } from '../../src/vfield/metainfo.ts';
import { type ImageFile, readImageFile } from '../image-file.ts';
import { writeWhole } from '../output-file.ts';

/**
 * Needs room for a second copy of the image, unless the file system shares blocks (Btrfs, XFS).
 * @param pieces Undefined: the image is left without a trace. @throws ViverError KIT_NO_FILE, KIT_NO_IMAGE, TRACE_*
 */
export async function replaceBootTrace(image: ImageFile, pieces: readonly number[] | undefined): Promise<Metainfo> {
  await checkReplaceable(image.path);
  const path = await realpath(image.path);
  const before = await stat(path);
  const { bootTrace: _old, bootTraceRefusal: _reason, ...bare } = image.metainfo;
  const trailer = encodeImageTrailer(encodeMetainfo(pieces ? { ...bare, bootTrace: pieces } : bare));
  return writeWhole(path, async (partial) => {
    await copyFile(path, partial, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await chown(partial, before.uid, before.gid).catch(() => {}); // somebody else's file becomes one's own
    await truncate(partial, image.metainfo.lengthBytes);
    await appendFile(partial, trailer);
    return (await readImageFile(partial)).metainfo;
  });
}

/** @throws ViverError KIT_NO_FILE for a partition: it can't be renamed. */
export async function checkReplaceable(path: string): Promise<void> {
  if ((await stat(path)).isFile()) return;
  throw new ViverError('KIT_NO_FILE', `${path} is no file: put the trace into the image before it goes onto a medium`);
}
