// What a person names an image by, turned into what the field needs: a magnet link, the metainfo of a .torrent or .viver file, or a .torrent or .viver from the web.

import { errorLine, ViverError } from '../errors.ts';
import { looksLikeSquashfs } from '../images/format.ts';
import { readImageFile } from '../images/image-file.ts';
import type { Sys } from '../sys/sys.ts';
import type { FieldOptions } from '../vfield/field.ts';
import { parseMagnet } from '../vfield/magnet.ts';
import { decodeMetainfo, MAX_METAINFO_BYTES } from '../vfield/metainfo.ts';
import { decodeTorrentImage } from '../vfield/torrent-image.ts';
import { formatAddress } from '../vfield/transport.ts';
import { nodeHttpClient } from '../vfield/web-seed/node-http-client.ts';
import { metainfoOnTheWeb } from '../vfield/web-seed/web-metainfo.ts';
import { download } from './download.ts';
import { FIELD_PORT } from './field-port.ts';

/** What the field needs to know of an image, and who may have it. */
export type NamedImage = Pick<FieldOptions, 'metainfo' | 'magnet' | 'webSeeds'> & { readonly peers: readonly string[] };

/** A file that describes an image. */
export interface DescribedImage {
  readonly image: NamedImage;
  /** The image itself lies in this file too. */
  readonly hasContent: boolean;
}

/** @throws ViverError MAGNET_*, FIELD_DOWNLOAD, FIELD_NO_IMAGE, which say what is wrong with `name`. */
export async function findNamedImage(name: string, sys: Sys, signal: AbortSignal): Promise<NamedImage> {
  if (name === '') throw new ViverError('FIELD_NO_IMAGE', 'no image is named');
  if (/^magnet:/i.test(name)) return { magnet: parseMagnet(name), peers: [] };
  if (/^https?:\/\/.*\.viver$/i.test(name)) return await viverOnTheWeb(name);
  if (/^https?:\/\//i.test(name)) return await imageOnTheWeb(name, signal);
  return (await describeFile(name, sys)).image;
}

/** Reads a .viver file (or a partition with one) or a .torrent. @throws ViverError FIELD_NO_IMAGE */
export async function describeFile(path: string, sys: Sys): Promise<DescribedImage> {
  try {
    const hasContent = looksLikeSquashfs(await sys.readBytes(path, 0, 4));
    if (hasContent) {
      const { metainfo } = await readImageFile(sys, path, decodeMetainfo);
      return { hasContent, image: { metainfo, peers: [] } };
    }
    const length = Math.min(await sys.sizeBytes(path), MAX_METAINFO_BYTES + 1);
    return { hasContent, image: imageOfTorrent(await sys.readBytes(path, 0, length)) };
  } catch (cause) {
    const message = `${path} is no whole .viver image and no .torrent of one: ${errorLine(cause)}`;
    throw new ViverError('FIELD_NO_IMAGE', message, { cause });
  }
}

/** The metainfo is read out of the file by a few ranges; the file is the image's web seed. */
async function viverOnTheWeb(url: string): Promise<NamedImage> {
  const client = nodeHttpClient();
  try {
    return { metainfo: await metainfoOnTheWeb(url, client), webSeeds: [url], peers: [] };
  } catch (cause) {
    throw new ViverError('FIELD_NO_IMAGE', `${url} is no .viver image: ${errorLine(cause)}`, { cause });
  } finally {
    client.close();
  }
}

/** The first PC of a room serves its image's .torrent by HTTP, and the field beside it: so who gave the file is the first peer. */
async function imageOnTheWeb(url: string, signal: AbortSignal): Promise<NamedImage> {
  const bytes = await download(url, MAX_METAINFO_BYTES, signal);
  try {
    const image = imageOfTorrent(bytes);
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
    return { ...image, peers: [...image.peers, formatAddress(host, FIELD_PORT)] };
  } catch (cause) {
    throw new ViverError('FIELD_NO_IMAGE', `${url} is no .torrent of an image: ${errorLine(cause)}`, { cause });
  }
}

function imageOfTorrent(bytes: Uint8Array): NamedImage {
  const { image, trackers: peers } = decodeTorrentImage(bytes);
  if (image.kind === 'metainfo') return { metainfo: image.metainfo, peers };
  return { magnet: { infoHashV2: image.infoHashV2, peers: [] }, peers };
}
