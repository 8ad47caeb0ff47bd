// The second way, for kernels without nbd: nbdfuse reads our NBD export through a socket of its own and shows it as a file; mount(8) puts a loop device
// on that. nbdfuse(1) writes its pid file when the file can be read.

import { ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Running, Sys } from '../../sys/sys.ts';
import type { BlockSource } from '../../vfield/block-source.ts';
import { listenNbd } from '../../vfield/nbd/listener.ts';
import type { Attachment } from './attachment.ts';

const SECTOR_BYTES = 4096;
/** Inside of the scratch directory: where nbdfuse shows its file. */
export const FUSE_FOLDER = 'view';
const START_MS = 10_000;
const LOOK_MS = 20;

/** What the file system below has beyond Sys. */
export interface FuseEffects {
  readonly sys: Sys;
  /** An empty directory of our own. */
  makeScratch(): Promise<string>;
  removeScratch(path: string): Promise<void>;
  sleep(milliseconds: number): Promise<void>;
}

/** @throws ViverError FIELD_NBDFUSE when nbdfuse does not start within 10 s */
export async function attachByFuse(source: BlockSource, effects: FuseEffects, log: Log): Promise<Attachment> {
  await using undo = new AsyncDisposableStack();
  const { sys } = effects;
  const scratch = await effects.makeScratch();
  undo.defer(() => effects.removeScratch(scratch));
  const [socket, folder, pidFile] = [`${scratch}/nbd`, `${scratch}/${FUSE_FOLDER}`, `${scratch}/pid`];
  await sys.makeDirectory(folder);
  const listener = await listenNbd([{ name: '', source }], { path: socket }, { log, padToBytes: SECTOR_BYTES });
  undo.defer(() => listener.close());
  const lastWords: string[] = [];
  const args = ['--readonly', '--pidfile', pidFile, `${folder}/image`, '--unix', socket];
  const running = sys.follow('nbdfuse', args, () => {}, {
    ownProcessGroup: true,
    onErrorLine: (line) => lastWords.push(line),
  });
  undo.defer(() => endFuse(sys, running, folder, () => listener.close()));
  await untilReady(effects, running, pidFile, lastWords);
  const held = undo.move();
  return {
    device: `${folder}/image`,
    mountOptions: ['ro', 'loop'],
    lost: running.ended.then(() => `nbdfuse has ended: ${lastWords.at(-1) ?? 'it did not say why'}`),
    detach: () => held.disposeAsync(),
  };
}

async function untilReady(
  { sys, sleep }: FuseEffects,
  running: Running,
  pidFile: string,
  lastWords: readonly string[],
): Promise<void> {
  let hasEnded = false;
  running.ended.then(() => {
    hasEnded = true;
  });
  for (let waited = 0; waited < START_MS && !hasEnded; waited += LOOK_MS) {
    if ((await sys.readText(pidFile).catch(() => '')) !== '') return;
    await sleep(LOOK_MS);
  }
  throw new ViverError('FIELD_NBDFUSE', `nbdfuse shows no file: ${lastWords.at(-1) ?? 'no word from it'}`);
}

/** nbdfuse ends when its mount is gone. While a mount(8) still waits for a block there, that wait has to end first, and its hold on the file is let go last. */
async function endFuse(sys: Sys, running: Running, folder: string, closeExport: () => Promise<void>): Promise<void> {
  const isInUse = await sys.unmount(folder).then(
    () => false,
    () => true,
  );
  if (isInUse) await closeExport();
  await running.stop();
  if (isInUse) await sys.run('umount', ['--lazy', folder]);
}
