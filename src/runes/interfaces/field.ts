// The interface `field`, offered by the host process itself: what V-FIELD says about the image. Runes ask it by message; nothing of it runs on
// the thread that serves the kernel but the look into the field's own state.

import * as z from 'zod/mini';
import { defineInterface } from '../contract/interface.ts';

/** Open: V-FIELD's FieldStatus grows, and the room's page shows what there is. */
const fieldStatus = z.looseObject({
  infoHash: z.string(),
  sizeBytes: z.number(),
  pieces: z.number(),
  held: z.number(),
});

const asks = (what: string) => z.strictObject({}).check(z.describe(what));

export const field = defineInterface({
  name: 'field',
  version: 1,
  calls: {
    status: { request: asks('what V-FIELD knows about the image and its peers'), reply: fieldStatus },
    magnet: { request: asks('the magnet link of the image'), reply: z.strictObject({ magnet: z.string() }) },
    peers: {
      request: asks('the peers that are connected now, as host:port'),
      reply: z.strictObject({ peers: z.readonly(z.array(z.string())) }),
    },
    metainfo: {
      request: asks("the image's BitTorrent metainfo (.torrent)"),
      reply: z.strictObject({ bytes: z.instanceof(Uint8Array) }),
    },
  },
});
