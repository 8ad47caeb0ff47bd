// What an image is, for who has a magnet link only: from whichever answers first, a peer (fetch-metainfo.ts) or the .viver behind a web seed.

import type { Clock } from './clock.ts';
import type { Discovery } from './discovery.ts';
import { fetchMetainfo } from './fetch-metainfo.ts';
import type { FieldOptions } from './field.ts';
import { listenForPeers } from './field-discovery.ts';
import type { Magnet } from './magnet.ts';
import type { Metainfo } from './metainfo.ts';
import type { Transport } from './transport.ts';
import { nodeHttpClient } from './web-seed/node-http-client.ts';
import { webMetainfo } from './web-seed/web-metainfo.ts';

/** Waits for ever. Rejects with the reason of `options.signal`. */
export async function findMetainfo(
  options: FieldOptions,
  magnet: Magnet | undefined,
  peers: readonly string[],
  parts: { clock: Clock; transport: Transport; peerId: Uint8Array },
): Promise<Metainfo> {
  if (!magnet) throw new TypeError('openField needs a metainfo or a magnet');
  let discovery: Discovery | undefined;
  const found = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, found.signal]) : found.signal;
  const onReady = (addPeer: (address: string) => void): void => {
    discovery = listenForPeers(options, magnet, parts.clock, addPeer);
  };
  const fromPeers = fetchMetainfo({ magnet, peers, log: options.log, ...parts, onReady }, signal);
  try {
    return await Promise.race([fromPeers, ...fromWeb(options, magnet, parts.clock, signal)]);
  } finally {
    found.abort();
    discovery?.close();
  }
}

/** The .viver behind one of the link's web seeds has the metainfo, too. */
function fromWeb(options: FieldOptions, magnet: Magnet, clock: Clock, signal: AbortSignal): Promise<Metainfo>[] {
  const { log, makeHttpClient = nodeHttpClient, webSeeds = [] } = options;
  const urls = [...(magnet.webSeedUrls ?? []), ...webSeeds].filter((url) => !url.endsWith('/'));
  if (urls.length === 0) return [];
  const client = makeHttpClient();
  const { infoHashV2 } = magnet;
  const asking = webMetainfo({ urls, infoHashV2, client, clock, log: log.child('web-seed') }, signal);
  return [asking.finally(() => client.close())];
}
