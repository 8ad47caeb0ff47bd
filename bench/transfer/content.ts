// What is moved: random bytes in memory (tmpfs), their metainfo, and the same image as a version 1 torrent, which is the form that other clients are
// quickest with: SHA-1 alone, where a hybrid makes libtorrent compute both hashes.

import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource } from '../../src/vfield/block-source.ts';
import { createMetainfo } from '../../src/vfield/create-metainfo.ts';
import { encodeMetainfo } from '../../src/vfield/metainfo.ts';
import { encodeTorrentFile } from '../../src/vfield/torrent-file.ts';

export const CONTENT_BYTES = 2 ** 30;
const NAME = 'image';
const FILL_BYTES = 2 ** 26;
const READ_BYTES = 2 ** 20;

export interface Content {
  /** Everything lies below it, in memory. */
  readonly folder: string;
  /** The folder of the image, as clients want it, and the image in it. */
  readonly seedFolder: string;
  readonly image: string;
  /** Our own metainfo. */
  readonly metainfo: string;
  /** Writes the version 1 torrent, naming this tracker. @returns Its path. */
  torrent(announce?: string): string;
  /** A new empty folder for one receiver, and where it puts the image. */
  receiver(name: string): { folder: string; image: string };
  /** Compares what the receiver has put there with the content, and removes it. @throws Error when it differs. */
  check(name: string): void;
  remove(): void;
}

export async function makeContent(): Promise<Content> {
  const folder = mkdtempSync('/dev/shm/viver-bench-transfer-');
  const seedFolder = join(folder, 'seed');
  mkdirSync(seedFolder);
  const bytes = Buffer.alloc(CONTENT_BYTES);
  for (let at = 0; at < bytes.length; at += FILL_BYTES) randomFillSync(bytes, at, FILL_BYTES);
  writeFileSync(join(seedFolder, NAME), bytes);
  const metainfo = await metainfoOf(bytes);
  writeFileSync(join(folder, 'metainfo.torrent'), metainfo);
  return {
    folder,
    seedFolder,
    image: join(seedFolder, NAME),
    metainfo: join(folder, 'metainfo.torrent'),
    torrent: (announce) => {
      const path = join(mkdtempSync(join(folder, 'torrent-')), 'image.torrent');
      writeFileSync(path, encodeTorrentFile(metainfo, announce ? { announce: [announce] } : {}));
      return path;
    },
    receiver: (name) => {
      const own = join(folder, name);
      rmSync(own, { recursive: true, force: true });
      mkdirSync(own);
      return { folder: own, image: join(own, NAME) };
    },
    check: (name) => {
      execFileSync('cmp', [join(seedFolder, NAME), join(folder, name, NAME)]);
      rmSync(join(folder, name), { recursive: true });
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

async function metainfoOf(bytes: Uint8Array): Promise<Uint8Array> {
  const source = bytesSource(bytes);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += READ_BYTES) yield source.read(at, READ_BYTES);
  }
  const image = { label: NAME, kernelRelease: '6.1.0', architecture: 'x86_64' };
  return encodeMetainfo(await createMetainfo(chunks(), { name: NAME, image }));
}
