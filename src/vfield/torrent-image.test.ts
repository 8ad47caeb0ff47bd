import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ViverError } from '../errors.ts';
import { createMetainfo } from './create-metainfo.ts';
import { encodeMetainfo } from './metainfo.ts';
import { encodeTorrentFile } from './torrent-file.ts';
import { decodeTorrentImage } from './torrent-image.ts';

async function* content() {
  yield new Uint8Array(300_000).fill(7);
}
const image = { label: 'debian', kernelRelease: '6.1.0', architecture: 'x86_64' };
const metainfo = await createMetainfo(content(), { name: 'debian.squashfs', image });
const metainfoBytes = encodeMetainfo(metainfo);
const announce = ['http://pc-1:6881/announce', 'udp://10.0.0.2:1/', 'http://[fd00::1]/announce', 'nonsense'];

test('the hybrid form has the whole metainfo', () => {
  const { image, trackers } = decodeTorrentImage(encodeTorrentFile(metainfoBytes, { hybrid: true }));
  expect(image).toMatchObject({ kind: 'metainfo', metainfo: { infoHashV2: metainfo.infoHashV2 } });
  expect(trackers).toEqual([]);
});

test('the version 1 form names the image', () => {
  const { image } = decodeTorrentImage(encodeTorrentFile(metainfoBytes));
  expect(image).toEqual({ kind: 'name', infoHashV2: metainfo.infoHashV2 });
});

test.each([false, true])('trackers become addresses, what is none is passed over (hybrid: %s)', (hybrid) => {
  const { trackers } = decodeTorrentImage(encodeTorrentFile(metainfoBytes, { hybrid, announce }));
  expect(trackers).toEqual(['pc-1:6881', '10.0.0.2:1', '[fd00::1]:80']);
});

test('whatever comes, it is decoded or refused with a code', () => {
  const torrent = encodeTorrentFile(metainfoBytes, { announce });
  const change = fc.record({ at: fc.nat(torrent.length - 1), to: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = new Uint8Array(torrent);
      for (const { at, to } of changes) bytes[at] = to;
      try {
        decodeTorrentImage(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ViverError);
      }
    }),
    { numRuns: 500 },
  );
});
