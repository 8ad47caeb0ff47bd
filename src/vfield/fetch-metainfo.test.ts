// From a magnet link to a metainfo over real TCP, where what was read lies in memory that the next read uses again.

import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { bytesSource } from './block-source.ts';
import { systemClock } from './clock.ts';
import { createMetainfo } from './create-metainfo.ts';
import { fetchMetainfo } from './fetch-metainfo.ts';
import { openField, randomPeerId } from './field.ts';
import { tcpTransport } from './peer/tcp-transport.ts';

const PIECE_BYTES = 16_384;
/** Three parts of the info dictionary, and four of the piece hashes. */
const content = new Uint8Array(1_800 * PIECE_BYTES);
for (let piece = 0; piece < content.length; piece += PIECE_BYTES) content[piece] = piece / PIECE_BYTES;
const image = { label: 'room', kernelRelease: '6.1.0', architecture: 'x86_64' };
async function* chunks() {
  yield content;
}
const metainfo = await createMetainfo(chunks(), { name: 'room', pieceBytes: PIECE_BYTES, image });
const listen = { host: '127.0.0.1', port: 0 };
const field = await openField({
  metainfo,
  listen,
  local: bytesSource(content),
  shareBytes: 0,
  discovery: false,
  log: silentLog,
});
afterAll(() => field.close());

test('a metainfo of many parts comes whole at the first attempt', async () => {
  let attempts = 0;
  const found = await fetchMetainfo({
    magnet: { infoHashV2: metainfo.infoHashV2, peers: [] },
    peers: [`127.0.0.1:${field.port}`],
    transport: {
      ...tcpTransport,
      connect: (address, owner) => {
        attempts++;
        return tcpTransport.connect(address, owner);
      },
    },
    clock: systemClock,
    log: silentLog,
    peerId: randomPeerId(),
  });
  expect(attempts).toBe(1);
  expect(found.infoBytes).toEqual(metainfo.infoBytes);
  expect(found.pieceHashes).toEqual(metainfo.pieceHashes);
});
