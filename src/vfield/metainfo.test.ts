import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ViverError } from '../errors.ts';
import { dictionarySpans, encodeBencode, encodeSpans } from './bencode.ts';
import { createMetainfo } from './create-metainfo.ts';
import { sha1, sha256 } from './hash.ts';
import { decodeInfo, decodeMetainfo, encodeInfo, encodeMetainfo, type Metainfo, withPieceHashes } from './metainfo.ts';

const IMAGE = { label: 'debian', kernelRelease: '6.1.0-56-amd64', architecture: 'x86_64' };
const LENGTH = 5 * 131_072 + 4096;

async function* stream(lengthBytes: number, chunkBytes = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < lengthBytes; at += chunkBytes) {
    const size = Math.min(chunkBytes, lengthBytes - at);
    yield Uint8Array.from({ length: size }, (_, offset) => ((at + offset) * 2654435761) >>> 24);
  }
}

function make(lengthBytes = LENGTH, chunkBytes?: number): Promise<Metainfo> {
  return createMetainfo(stream(lengthBytes, chunkBytes), { name: 'debian.squashfs', image: IMAGE });
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ViverError) return error.code;
    throw error;
  }
  return 'fine';
}

describe('create, encode, decode', () => {
  test.each([1, 16_384, 131_072, 131_073, LENGTH])('%i bytes', async (lengthBytes) => {
    const metainfo = await make(lengthBytes);
    expect(metainfo.lengthBytes).toBe(lengthBytes);
    expect(metainfo.pieceHashes.length).toBe(metainfo.pieceCount * 32);
    expect(decodeMetainfo(encodeMetainfo(metainfo))).toEqual(metainfo);
    expect(metainfo.infoHashV2).toEqual(sha256(metainfo.infoBytes));
    expect(metainfo.infoHashV1).toEqual(sha1(metainfo.infoBytes));
    expect(metainfo.image).toEqual(IMAGE);
  });

  test('how the stream is cut does not matter', async () => {
    const whole = await make(LENGTH, LENGTH);
    for (const chunkBytes of [777, 131_072, 131_073, 400_000]) expect(await make(LENGTH, chunkBytes)).toEqual(whole);
  });

  test('an only piece has no piece layer, and its hash is the root', async () => {
    const metainfo = await make(40_000);
    expect(metainfo.pieceHashes).toEqual(metainfo.piecesRoot);
    expect(Buffer.from(encodeMetainfo(metainfo)).toString('latin1')).toMatch(/12:piece layersdee$/);
  });

  test('web seeds are kept and change no hash; addresses of other kinds are left out', async () => {
    const plain = await make();
    const webSeeds = [
      { url: 'http://pc-1/debian.viver', kind: 'file' },
      { url: 'https://pc-2/seed.php', kind: 'script' },
    ] as const;
    const seeded = { ...plain, createdSeconds: 1, webSeeds };
    expect(decodeMetainfo(encodeMetainfo(seeded))).toEqual(seeded);
    const spans = dictionarySpans(encodeMetainfo(plain));
    for (const [value, urls] of [
      ['http://pc-1/x', ['http://pc-1/x']],
      [['ftp://pc-1/x', 'http://pc-1/x', 'http://pc-1/x', 7], ['http://pc-1/x']],
      [7, undefined],
    ] as const) {
      spans.set('url-list', encodeBencode(value as never));
      expect(decodeMetainfo(encodeSpans(spans)).webSeeds?.map(({ url }) => url)).toEqual(urls);
    }
  });

  test('the creation date is kept and changes no hash', async () => {
    const plain = await make();
    const dated = decodeMetainfo(encodeMetainfo({ ...plain, createdSeconds: 1_700_000_000 }));
    expect(dated).toEqual({ ...plain, createdSeconds: 1_700_000_000 });
  });

  test('the boot trace is kept and changes no hash; without one the bytes are as before', async () => {
    const plain = await make();
    const traced = decodeMetainfo(encodeMetainfo({ ...plain, bootTrace: [3, 4, 0, 5] }));
    expect(traced).toEqual({ ...plain, bootTrace: [3, 4, 0, 5] });
    expect(traced.infoHashV2).toEqual(plain.infoHashV2);
    expect(decodeMetainfo(encodeMetainfo(traced))).toEqual(traced);
    const { bootTrace: _, ...dropped } = traced;
    expect(encodeMetainfo(dropped)).toEqual(encodeMetainfo(plain));
  });

  test('a broken boot trace is passed over with a reason; it is never written', async () => {
    const plain = await make();
    const bytes = encodeMetainfo({ ...plain, bootTrace: [3, 4, 0, 5] });
    bytes[bytes.length - 3] = 0x7e;
    const { bootTraceRefusal, ...rest } = decodeMetainfo(bytes);
    expect(bootTraceRefusal).toMatch(/piece 68 of an image of 6/);
    expect(rest).toEqual(plain);
    const number = Buffer.concat([encodeMetainfo(plain).subarray(0, -1), Buffer.from('11:viver tracei5ee')]);
    expect(decodeMetainfo(number).bootTraceRefusal).toMatch(/is not a string/);
    expect(codeOf(() => encodeMetainfo({ ...plain, bootTrace: [6] }))).toBe('TRACE_INVALID');
  });

  test('progress counts to the end', async () => {
    const seen: number[] = [];
    await createMetainfo(stream(LENGTH), { name: 'x', image: IMAGE, onProgress: (bytes) => seen.push(bytes) });
    expect(seen).toEqual([131_072, 262_144, 393_216, 524_288, 655_360, LENGTH]);
  });

  test.each([
    ['an empty stream', { name: 'x', image: IMAGE }, 0, 'METAINFO_LENGTH'],
    ['a path as name', { name: '../x', image: IMAGE }, 1, 'METAINFO_NAME'],
    ['no label', { name: 'x', image: { ...IMAGE, label: '' } }, 1, 'METAINFO_TEXT'],
    ['a line break in the label', { name: 'x', image: { ...IMAGE, label: 'a\nb' } }, 1, 'METAINFO_TEXT'],
    ['an odd piece length', { name: 'x', image: IMAGE, pieceBytes: 100_000 }, 1, 'METAINFO_PIECE_LENGTH'],
    ['too small pieces', { name: 'x', image: IMAGE, pieceBytes: 8192 }, 1, 'METAINFO_PIECE_LENGTH'],
  ])('%s is refused', async (_, options, lengthBytes, code) => {
    await expect(createMetainfo(stream(lengthBytes), options)).rejects.toMatchObject({ code });
  });
});

describe('hostile and foreign metainfo', async () => {
  const good = await make();
  const goodBytes = encodeMetainfo(good);
  const fields = {
    name: good.name,
    lengthBytes: good.lengthBytes,
    pieceBytes: good.pieceBytes,
    piecesRoot: good.piecesRoot,
    pieceSha1s: new Uint8Array(6 * 20),
    image: IMAGE,
  };
  const tree = { [good.name]: { '': { length: LENGTH, 'pieces root': good.piecesRoot } } };
  const info = {
    'file tree': tree,
    length: LENGTH,
    'meta version': 2,
    name: good.name,
    'piece length': 131_072,
    pieces: fields.pieceSha1s,
    viver: { arch: 'x', kernel: 'y', label: 'z' },
  };

  test.each([
    ['v1 only', { 'meta version': undefined, 'file tree': undefined }, 'METAINFO_V1_ONLY'],
    ['v2 only', { pieces: undefined, length: undefined }, 'METAINFO_V2_ONLY'],
    ['version 3', { 'meta version': 3 }, 'METAINFO_VERSION'],
    ['no viver key', { viver: undefined }, 'METAINFO_NOT_VIVER'],
    ['several files', { files: [] }, 'METAINFO_FILES'],
    ['another name in the tree', { name: 'other' }, 'METAINFO_FILES'],
    ['two files in the tree', { 'file tree': { ...tree, zz: {} } }, 'METAINFO_FILES'],
    ['lengths that differ', { length: LENGTH + 1 }, 'METAINFO_LENGTH'],
    ['no file length', { 'file tree': { [good.name]: { '': {} } } }, 'METAINFO_MISSING'],
    ['length 0', { 'file tree': { [good.name]: { '': { length: 0 } } } }, 'METAINFO_LENGTH'],
    ['a negative length', { 'file tree': { [good.name]: { '': { length: -5 } } } }, 'METAINFO_LENGTH'],
    ['piece length 0', { 'piece length': 0 }, 'METAINFO_PIECE_LENGTH'],
    ['piece length 3', { 'piece length': 3 }, 'METAINFO_PIECE_LENGTH'],
    ['a huge piece length', { 'piece length': 2 ** 40 }, 'METAINFO_PIECE_LENGTH'],
    ['too few SHA-1', { pieces: new Uint8Array(100) }, 'METAINFO_PIECES'],
    ['a number for a name', { name: 5 }, 'BENCODE_INVALID'],
    ['a name that is no UTF-8', { name: Buffer.from([0xc0, 0x80]) }, 'METAINFO_TEXT'],
  ])('%s', (_, change, code) => {
    expect(codeOf(() => decodeInfo(encodeBencode({ ...info, ...change } as never)))).toBe(code);
  });

  test('an unchanged one of these is fine', () => {
    expect(codeOf(() => decodeInfo(encodeBencode(info)))).toBe('fine');
    expect(decodeInfo(encodeInfo(fields)).piecesRoot).toEqual(good.piecesRoot);
  });

  test('a wrong bit in the piece layer is found', () => {
    const layer = Uint8Array.from(good.pieceHashes);
    layer[100]! ^= 1;
    expect(codeOf(() => withPieceHashes(good, layer))).toBe('METAINFO_LAYER');
    expect(codeOf(() => withPieceHashes(good, layer.subarray(32)))).toBe('METAINFO_LAYER');
  });

  test('every flipped byte gives another image or a ViverError', () => {
    for (let at = 0; at < goodBytes.length; at++) {
      const bytes = Uint8Array.from(goodBytes);
      bytes[at]! ^= 0x11;
      try {
        expect(decodeMetainfo(bytes).infoHashV2).not.toEqual(good.infoHashV2);
      } catch (error) {
        expect(error).toBeInstanceOf(ViverError);
      }
    }
  });

  test('cut anywhere, it is a ViverError', () => {
    for (let length = 0; length < goodBytes.length; length++) {
      expect(codeOf(() => decodeMetainfo(goodBytes.subarray(0, length)))).not.toBe('fine');
    }
  });

  test('random bytes are a ViverError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => codeOf(() => decodeMetainfo(bytes)) !== 'fine'),
    );
  });
});
