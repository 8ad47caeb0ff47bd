// The metainfo of an image out of the .viver that lies on a web server: it stands behind the image, and a few ranges are enough to read it. So a link with a
// web seed leads to the image where no peer is.

import { errorLine } from '../../errors.ts';
import { type ImageReader, readImageFile } from '../../images/image-file.ts';
import type { Log } from '../../log.ts';
import type { Clock } from '../clock.ts';
import { sameBytes } from '../hash.ts';
import { decodeMetainfo, type Metainfo } from '../metainfo.ts';
import { askWeb, refused, sizeOf } from './ask-web.ts';
import type { HttpClient } from './http-client.ts';
import { LEAST_RANGE_BYTES } from './web-seed.ts';

/** Between two tries. */
const PAUSE_MS = 2_000;

export interface WebMetainfoOptions {
  /** Of .viver files. */
  readonly urls: readonly string[];
  readonly infoHashV2: Uint8Array;
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tries one address after the other, for ever. What it gives has the info hash asked for. Rejects with the signal's reason. */
export async function webMetainfo(options: WebMetainfoOptions, signal: AbortSignal): Promise<Metainfo> {
  const { urls, infoHashV2, client, clock, log } = options;
  const said = new Set<string>();
  for (let at = 0; ; at = (at + 1) % urls.length) {
    const url = urls[at]!;
    try {
      const metainfo = await metainfoOnTheWeb(url, client);
      if (!sameBytes(metainfo.infoHashV2, infoHashV2)) throw refused('it is another image');
      log.info(`metainfo of ${metainfo.name} came from ${url}`);
      return metainfo;
    } catch (error) {
      signal.throwIfAborted();
      const line = `${url}: no metainfo from it: ${errorLine(error)}`;
      if (!said.has(line)) log.info(line);
      said.add(line);
    }
    await pause(clock, signal);
  }
}

/** Rejects as `askWeb`, or as `readImageFile` when there is no .viver. */
export async function metainfoOnTheWeb(url: string, client: HttpClient): Promise<Metainfo> {
  return (await readImageFile(webReader(client), url, decodeMetainfo)).metainfo;
}

function webReader(client: HttpClient): ImageReader {
  const read = (url: string, first: number, bytes: number) =>
    askWeb(client, { url, range: { first, last: first + bytes - 1 }, bytes });
  return {
    readBytes: async (url, offset, length) => (await read(url, offset, length)).body,
    sizeBytes: async (url) => {
      const size = sizeOf(await read(url, 0, LEAST_RANGE_BYTES));
      if (size === undefined) throw refused('the server does not say how long the file is');
      return size;
    },
  };
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, PAUSE_MS);
    const abort = (): void => {
      clock.clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
