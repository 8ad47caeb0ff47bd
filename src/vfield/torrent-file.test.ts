import { expect, test } from 'vitest';
import { decodeBencode, dictionarySpans } from './bencode.ts';
import { createMetainfo } from './create-metainfo.ts';
import { sha1 } from './hash.ts';
import { infoHashesOf } from './info-hashes.ts';
import { legacyMetainfo } from './legacy-metainfo.ts';
import { decodeMetainfo, encodeMetainfo } from './metainfo.ts';
import { encodeTorrentFile } from './torrent-file.ts';

const image = { label: 'debian', kernelRelease: '6.1.0', architecture: 'x86_64' };
async function* content() {
  yield new Uint8Array(300_000).fill(7);
}
const metainfo = await createMetainfo(content(), { name: 'debian.squashfs', image, createdSeconds: 1_700_000_000 });
const metainfoBytes = encodeMetainfo(metainfo);
const URLS = { announce: ['http://pc-1:6881/announce', 'udp://pc-2:1/'], webSeeds: ['http://pc-1/debian.viver'] };

/** The keys outside of the info dictionary, as text. */
function outside(file: Uint8Array): unknown {
  const spans = dictionarySpans(file);
  const fields = [...spans].filter(([key]) => !['info', 'piece layers', 'viver'].includes(key));
  const text = (value: unknown): unknown =>
    value instanceof Uint8Array
      ? Buffer.from(value).toString()
      : Array.isArray(value)
        ? value.map((one) => text(one))
        : value;
  return Object.fromEntries(fields.map(([key, span]) => [key, text(decodeBencode(span))]));
}

test('the version 1 form: its info dictionary has the hash to which our nodes answer', () => {
  const info = dictionarySpans(encodeTorrentFile(metainfoBytes)).get('info')!;
  expect([...dictionarySpans(info).keys()]).toEqual(['length', 'name', 'piece length', 'pieces']);
  expect(sha1(info)).toEqual(legacyMetainfo(metainfo).infoHash);
  expect(infoHashesOf(metainfo)).toContainEqual(sha1(info));
});

test('the hybrid form is the metainfo itself, with the addresses beside it', () => {
  const file = encodeTorrentFile(metainfoBytes, { hybrid: true, ...URLS });
  expect(decodeMetainfo(file)).toMatchObject({ infoBytes: metainfo.infoBytes, pieceHashes: metainfo.pieceHashes });
});

test.each([false, true])('trackers, web seeds, maker and date (hybrid: %s)', (hybrid) => {
  expect(outside(encodeTorrentFile(metainfoBytes, { hybrid, ...URLS }))).toEqual({
    announce: 'http://pc-1:6881/announce',
    'announce-list': [['http://pc-1:6881/announce'], ['udp://pc-2:1/']],
    'created by': 'Viver 0.1',
    'creation date': 1_700_000_000,
    'url-list': ['http://pc-1/debian.viver'],
  });
});

test('one tracker needs no list, none leaves no key', () => {
  const one = outside(encodeTorrentFile(metainfoBytes, { announce: ['http://pc-1:6881/announce'] }));
  expect(one).toMatchObject({ announce: 'http://pc-1:6881/announce' });
  expect(Object.keys(one as object)).not.toContain('announce-list');
  expect(Object.keys(outside(encodeTorrentFile(metainfoBytes)) as object)).toEqual(['created by', 'creation date']);
});
