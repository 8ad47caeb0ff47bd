// What a node answers over HTTP on its BitTorrent port: announce and scrape as the image's tracker, and the image itself as a web seed (BEP 19), read
// from the field like any other read.

import { type BootContent, bytesContent } from '../bootserver/content.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from '../bootserver/http/routes.ts';
import type { BlockSource } from './block-source.ts';
import type { Tracker } from './tracker/tracker.ts';
import { formatAddress } from './transport.ts';

/** @param name The image's file name. */
export function fieldRoutes(tracker: Tracker, source: BlockSource, name: string): HttpRoute[] {
  const get = (path: string, handle: (request: HttpRequest) => HttpAnswer): HttpRoute => ({
    method: 'GET',
    path,
    handle: async (request) => handle(request),
  });
  return [
    get('/announce', ({ rawQuery, client, server }) => {
      const ends = { client: client.address, here: formatAddress(server.address, server.port) };
      return bencoded(tracker.announce(rawQuery, ends));
    }),
    get('/scrape', ({ rawQuery }) => bencoded(tracker.scrape(rawQuery))),
    get('/*', ({ path, signal }) =>
      path === name ? { kind: 'content', content: contentOf(source, signal) } : { kind: 'not-found' },
    ),
  ];
}

function bencoded(bytes: Uint8Array): HttpAnswer {
  return { kind: 'content', content: bytesContent(bytes), type: 'text/plain' };
}

function contentOf(source: BlockSource, signal: AbortSignal): BootContent {
  return {
    sizeBytes: source.sizeBytes,
    read: (offset, length) => source.read(offset, length, signal),
    close: async () => {},
  };
}
