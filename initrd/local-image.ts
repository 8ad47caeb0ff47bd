// Finds the image on the drives of this machine.

import { formatCandidate, type ImageCandidate } from '../src/images/candidate.ts';
import { chooseImage, describeChoice, isFulfilled } from '../src/images/score.ts';
import { ImageSearch } from '../src/images/search.ts';
import type { Log } from '../src/log.ts';
import type { Sys } from '../src/sys/sys.ts';
import { decodeMetainfo, type Metainfo } from '../src/vfield/metainfo.ts';
import type { BootOptions } from './cmdline.ts';

export type LocalImage = ImageCandidate<Metainfo>;

export interface SearchContext {
  readonly sys: Sys;
  readonly log: Log;
  readonly sysRoot: string;
  readonly options: BootOptions;
  /** Loads modules by name, in order; those that are not there or built in are passed over. */
  loadModules(names: readonly string[]): Promise<void>;
  /** Looks for devices that came up since the last time and loads their drivers. */
  lookAgain(): Promise<void>;
  sleep(milliseconds: number): Promise<void>;
  /** Milliseconds; only differences count. */
  now(): number;
}

export const DEVICES = '/dev';
/** In memory: the runtime itself is read-only. */
export const MOUNTS = '/run/media';
const POLL_MS = 250;
/** A drive that is faster than the first find may show up a moment later: USB sticks and discs come at their own pace. */
const GRACE_MS = 1000;

/**
 * Searches all drives until an image is found that fulfils the wishes and no new drive has come for a second, or the time is over.
 * Undefined when there is none.
 */
export async function findLocalImage(context: SearchContext): Promise<LocalImage | undefined> {
  const { sys, log, sysRoot, options, loadModules, lookAgain, sleep, now } = context;
  const wanted = { media: options.media, ...(options.image ? { image: options.image } : {}) };
  const search = new ImageSearch<Metainfo>({
    sys,
    sysRoot,
    devRoot: DEVICES,
    mountRoot: MOUNTS,
    loadFileSystem: (_type, modules) => loadModules(modules),
    decodeMetainfo,
    wanted,
    log,
  });
  const limit = now() + options.waitSeconds * 1000;
  let lastNews = now();
  let drives = '';
  for (;;) {
    const present = (await sys.list(`${sysRoot}/class/block`)).join(' ');
    if (present !== drives) lastNews = now();
    drives = present;
    const choice = chooseImage(await search.scan(), wanted);
    const settled = now() - lastNews >= GRACE_MS && isFulfilled(choice, wanted);
    if (settled || now() >= limit) {
      if (choice) for (const line of describeChoice(choice)) log.info(line);
      await search.release(choice?.chosen);
      return choice?.chosen;
    }
    await sleep(POLL_MS);
    await lookAgain();
  }
}

/** The device to mount for an image on a drive of this machine. */
export async function attachLocal(sys: Sys, image: LocalImage): Promise<string> {
  return image.path === image.drive.devicePath ? image.path : sys.attachLoop(image.path, { readOnly: true });
}

/** For the console: what was chosen. */
export function describeImage(image: LocalImage): string {
  return formatCandidate(image);
}
