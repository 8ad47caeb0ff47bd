// `viver-kit image torrent`: the .torrent by which any BitTorrent client finds an image.

import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { ViverError } from '../src/errors.ts';
import { encodeTorrentFile } from '../src/vfield/torrent-file.ts';
import { readImageFile } from './image-file.ts';
import { writeWhole } from './output-file.ts';

interface TorrentFlags {
  output: string;
  announce: string[];
  webSeed: string[];
  hybrid?: boolean;
}

/** What a client can be told to ask: trackers over HTTP and UDP (BEP 3, 15), files over HTTP (BEP 19). */
const TRACKER_SCHEMES = ['http:', 'https:', 'udp:'];
const WEB_SEED_SCHEMES = ['http:', 'https:'];

/** The sub-command for kit/image.ts. */
export function torrentCommand(): Command {
  return new Command('torrent')
    .description('write the .torrent of an image, for any BitTorrent client')
    .argument('<file.viver>', 'image file')
    .requiredOption('--output <file.torrent>', 'file to write')
    .option('--announce <url>', 'tracker; every node is one: http://NODE:6881/announce. May be repeated', collect, [])
    .option('--web-seed <url>', 'the image, or its .viver, on an HTTP server. May be repeated', collect, [])
    .option('--hybrid', 'BitTorrent version 1 and 2 in one: not for Transmission before 4 and aria2')
    .action(async (path: string, flags: TorrentFlags) => {
      const options = {
        announce: flags.announce.map((url) => checkedUrl('--announce', url, TRACKER_SCHEMES)),
        webSeeds: flags.webSeed.map((url) => checkedUrl('--web-seed', url, WEB_SEED_SCHEMES)),
        hybrid: flags.hybrid ?? false,
      };
      const bytes = encodeTorrentFile((await readImageFile(path)).metainfoBytes, options);
      await writeWhole(flags.output, async (partial) => await writeFile(partial, bytes));
    });
}

/** `url` as it is written into the file. @throws ViverError KIT_BAD_URL */
function checkedUrl(option: string, url: string, schemes: readonly string[]): string {
  const parsed = URL.parse(url);
  if (parsed?.hostname && schemes.includes(parsed.protocol)) return parsed.href;
  const wanted = schemes.map((scheme) => `${scheme}//HOST…`).join(', ');
  throw new ViverError('KIT_BAD_URL', `${option} ${url}: no URL of the form ${wanted}`);
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
