// What a person names an image by, turned into what the field needs: a magnet link, the metainfo of a .torrent or .viver file, or a .torrent from the web.

import { errorLine, ViverError } from '../errors.ts';
import { looksLikeSquashfs } from '../images/format.ts';
import { readImageFile } from '../images/image-file.ts';
import type { Sys } from '../sys/sys.ts';
import { parseMagnet } from '../vfield/magnet.ts';
import { decodeMetainfo, MAX_METAINFO_BYTES, type Metainfo } from '../vfield/metainfo.ts';
import { formatAddress } from '../vfield/transport.ts';
import { download } from './download.ts';
import { FIELD_PORT } from './field-port.ts';

export type NamedImage =
  | { readonly kind: 'magnet'; readonly magnet: string }
  | { readonly kind: 'metainfo'; readonly metainfo: Metainfo; readonly peers: readonly string[] };

/** A file that describes an image. */
export interface DescribedImage {
  readonly metainfo: Metainfo;
  /** The image itself lies in this file too. */
  readonly hasContent: boolean;
}

/** @throws ViverError MAGNET_*, FIELD_DOWNLOAD, FIELD_NO_IMAGE, which say what is wrong with `name`. */
export async function findNamedImage(name: string, sys: Sys, signal: AbortSignal): Promise<NamedImage> {
  if (/^magnet:/i.test(name)) {
    parseMagnet(name);
    return { kind: 'magnet', magnet: name };
  }
  if (/^https?:\/\//i.test(name)) return await imageOnTheWeb(name, signal);
  return { kind: 'metainfo', metainfo: (await describeFile(name, sys)).metainfo, peers: [] };
}

/** Reads a .viver file (or a partition with one) or a .torrent. @throws ViverError FIELD_NO_IMAGE */
export async function describeFile(path: string, sys: Sys): Promise<DescribedImage> {
  try {
    const hasContent = looksLikeSquashfs(await sys.readBytes(path, 0, 4));
    if (hasContent) return { hasContent, metainfo: (await readImageFile(sys, path, decodeMetainfo)).metainfo };
    const length = Math.min(await sys.sizeBytes(path), MAX_METAINFO_BYTES + 1);
    return { hasContent, metainfo: decodeMetainfo(await sys.readBytes(path, 0, length)) };
  } catch (cause) {
    throw new ViverError(
      'FIELD_NO_IMAGE',
      `${path} is no whole .viver image and no .torrent of one: ${errorLine(cause)}`,
      {
        cause,
      },
    );
  }
}

/** The first PC of a room serves its image's .torrent by HTTP, and the field beside it: so who gave the file is the first peer. */
async function imageOnTheWeb(url: string, signal: AbortSignal): Promise<NamedImage> {
  const bytes = await download(url, MAX_METAINFO_BYTES, signal);
  try {
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
    return { kind: 'metainfo', metainfo: decodeMetainfo(bytes), peers: [formatAddress(host, FIELD_PORT)] };
  } catch (cause) {
    throw new ViverError('FIELD_NO_IMAGE', `${url} is no .torrent of an image: ${errorLine(cause)}`, { cause });
  }
}
