// Our metainfo as real BitTorrent programs read it: libtorrent (python3-libtorrent), transmission-show, aria2c. Needs no root.

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createMetainfo } from '../../src/vfield/create-metainfo.ts';
import { legacyMetainfo } from '../../src/vfield/legacy-metainfo.ts';
import { formatMagnet, parseMagnet } from '../../src/vfield/magnet.ts';
import { decodeMetainfo, encodeMetainfo } from '../../src/vfield/metainfo.ts';
import { encodeTorrentFile } from '../../src/vfield/torrent-file.ts';

const folder = await mkdtemp(join(tmpdir(), 'viver-metainfo-'));
afterAll(() => rm(folder, { recursive: true }));

const KIB = 1024;
const IMAGE = { label: 'debian', kernelRelease: '6.1.0-56-amd64', architecture: 'x86_64' };

/** libtorrent loads the torrent, adds it as a seed over the file and says what its own check of all hashes found. */
const LIBTORRENT_LOAD = `
import json, sys, time, libtorrent as lt
info = lt.load_torrent_file(sys.argv[1]).ti
hashes = info.info_hashes()
session = lt.session({'listen_interfaces': '127.0.0.1:0', 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False})
handle = session.add_torrent({'ti': info, 'save_path': sys.argv[2]})
deadline = time.time() + 60
while time.time() < deadline and not (handle.status().is_seeding or handle.status().state == lt.torrent_status.states.downloading):
    time.sleep(0.05)
print(json.dumps({'valid': info.is_valid(), 'v1': str(hashes.v1), 'v2': str(hashes.v2), 'name': info.name(), 'size': info.total_size(),
  'pieceLength': info.piece_length(), 'pieces': info.num_pieces(), 'seeding': handle.status().is_seeding, 'magnet': lt.make_magnet_uri(info)}))
`;

/** libtorrent makes a torrent of its own of the same file. */
const LIBTORRENT_CREATE = `
import sys, libtorrent as lt
storage = lt.file_storage()
lt.add_files(storage, sys.argv[1])
torrent = lt.create_torrent(storage, int(sys.argv[3]), int(sys.argv[4]))
lt.set_piece_hashes(torrent, sys.argv[2])
sys.stdout.buffer.write(lt.bencode(torrent.generate()))
`;
const V1_ONLY = 64;
const V2_ONLY = 32;

/** Debian's own interpreter: python3-libtorrent is a module of it, and of no other one in PATH. */
function python(script: string, ...args: string[]): Buffer {
  return execFileSync('/usr/bin/python3', ['-c', script, ...args], {
    timeout: 90_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function imageOf(lengthBytes: number) {
  const name = `image-${lengthBytes}.squashfs`;
  const bytes = Buffer.alloc(lengthBytes);
  for (let at = 0; at < lengthBytes; at++) bytes[at] = (at * 2654435761) >>> 13;
  await writeFile(join(folder, name), bytes);
  const metainfo = await createMetainfo(chunksOf(bytes), { name, image: IMAGE, createdSeconds: 1_700_000_000 });
  const file = join(folder, `${name}.torrent`);
  await writeFile(file, encodeMetainfo(metainfo));
  const legacy = legacyMetainfo(metainfo);
  const legacyFile = join(folder, `${name}.v1.torrent`);
  await writeFile(legacyFile, encodeTorrentFile(encodeMetainfo(metainfo)));
  const [v1, hex] = [hexOf(metainfo.infoHashV1), hexOf(metainfo.infoHashV2)];
  return { name, file, legacyFile, metainfo, v1, hex, legacy: hexOf(legacy.infoHash) };
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe.each([4 * KIB, 40 * KIB, 128 * KIB, 132 * KIB, 1024 * KIB, 5 * 1024 * KIB + 36 * KIB])(
  '%i bytes',
  async (size) => {
    const image = await imageOf(size);

    test('libtorrent: valid, both info hashes, and every piece checks against the file', () => {
      const seen = JSON.parse(python(LIBTORRENT_LOAD, image.file, folder).toString());
      expect(seen).toMatchObject({ valid: true, v1: image.v1, v2: image.hex, name: image.name, size, seeding: true });
      expect(seen).toMatchObject({ pieceLength: 128 * KIB, pieces: image.metainfo.pieceCount });
      expect(hexOf(parseMagnet(seen.magnet).infoHashV2)).toBe(image.hex);
    });

    test('libtorrent makes the same tree of the same file', () => {
      const bytes = python(LIBTORRENT_CREATE, join(folder, image.name), folder, `${128 * KIB}`, '0');
      // Its own torrent lacks our key, which is exactly what has to be said.
      expect(() => decodeMetainfo(bytes)).toThrow(expect.objectContaining({ code: 'METAINFO_NOT_VIVER' }));
      expect(bytes.includes(Buffer.from(image.metainfo.piecesRoot))).toBe(true);
      if (image.metainfo.pieceCount > 1) expect(bytes.includes(Buffer.from(image.metainfo.pieceHashes))).toBe(true);
    });

    test('transmission-show reads the version 1 twin', () => {
      const shown = execFileSync('transmission-show', [image.legacyFile], { encoding: 'utf8' });
      expect(shown).toContain(`Name: ${image.name}`);
      expect(shown).toContain(`Hash: ${image.legacy}`);
      expect(shown).toContain(`Piece Count: ${image.metainfo.pieceCount}`);
    });

    test('aria2c reads the version 1 twin, and its check of the file succeeds', () => {
      const shown = execFileSync('aria2c', ['-S', image.legacyFile], { encoding: 'utf8' });
      expect(shown).toContain(`Info Hash: ${image.legacy}`);
      expect(shown).toContain(`Name: ${image.name}`);
      const options = ['--check-integrity=true', '--seed-time=0', '--bt-hash-check-seed=true', '--enable-dht=false'];
      const checked = execFileSync('aria2c', [...options, '-d', folder, image.legacyFile], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(checked).toMatch(/Verification finished successfully/);
      expect(checked).toMatch(/\|OK {2}\|/);
    });
  },
);

test('libtorrent takes our magnet link with both hashes', async () => {
  const { metainfo, v1 } = await imageOf(8 * KIB);
  const link = formatMagnet({ ...metainfo, peers: ['127.0.0.1:1'] });
  const seen = python(
    `import sys, libtorrent as lt; h = lt.parse_magnet_uri(sys.argv[1]).info_hashes; print(h.v1, h.v2)`,
    link,
  );
  expect(seen.toString().trim()).toBe(`${v1} ${hexOf(metainfo.infoHashV2)}`);
});

test('Transmission 3 and aria2 1.36 read no hybrid torrent, of libtorrent neither: the reason for the twin', async () => {
  const { name } = await imageOf(300 * KIB);
  const file = join(folder, 'libtorrent.torrent');
  await writeFile(file, python(LIBTORRENT_CREATE, join(folder, name), folder, `${128 * KIB}`, '0'));
  const seen = JSON.parse(python(LIBTORRENT_LOAD, file, folder).toString());
  expect(() => execFileSync('transmission-show', [file], { stdio: 'pipe' })).toThrow(/Error parsing/);
  expect(execFileSync('aria2c', ['-S', file], { encoding: 'utf8' })).not.toContain(seen.v1);
});

test.each([
  ['v1 only', V1_ONLY, 'METAINFO_V1_ONLY'],
  ['v2 only', V2_ONLY, 'METAINFO_V2_ONLY'],
])('a foreign torrent, %s, is refused with what it lacks', async (_, flags, code) => {
  const { name } = await imageOf(300 * KIB);
  const bytes = python(LIBTORRENT_CREATE, join(folder, name), folder, `${128 * KIB}`, `${flags}`);
  expect(() => decodeMetainfo(bytes)).toThrow(expect.objectContaining({ code }));
});
