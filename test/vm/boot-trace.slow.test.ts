// A boot trace, for real: `viver-kit image trace` boots the demonstration's image and records it, and the next diskless boot of that image waits less
// often. Three boots in a virtual machine, emulated a minute or two each. Needs QEMU and the demonstration's system, which is made when it is missing.

import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImageFile } from '../../kit/image-file.ts';
import { prepareBootSource } from '../../kit/media/boot-source.ts';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { makeDebianSystem } from '../../lab/debian.ts';
import { makeImage } from '../../lab/demonstration/media.ts';
import { multiUserSeconds } from '../../lab/demonstration/node-status.ts';
import { LAB_DIRECTORY } from '../../lab/room-paths.ts';
import { SeededMachine } from '../../lab/seeded-machine.ts';
import type { NodeStatus } from '../../src/control/status.ts';
import { silentLog } from '../../src/log.ts';
import { openFileSource } from '../../src/vfield/file-source.ts';
import type { Metainfo } from '../../src/vfield/metainfo.ts';
import type { TraceFile } from '../../src/vfield/trace-file.ts';
import { KIT } from '../interop/kit-tree.ts';

const BOOT_MS = 480_000;
let folder: string;
let image: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viver-boot-trace-'));
  image = join(folder, 'debian.viver');
  copyFileSync(await makeImage(LAB_DIRECTORY, await makeDebianSystem(LAB_DIRECTORY, silentLog)), image);
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Boot {
  readonly field: NodeStatus['field'];
  readonly recorded: readonly number[];
  readonly multiUserSeconds: number;
}

/** Boots the image diskless with this metainfo and asks the machine how it went. */
async function boot(name: string, metainfo: Metainfo): Promise<Boot> {
  const scratch = await mkdtemp(join(folder, `${name}-`));
  const source = { image: await readImageFile(image), scratch, signal: new AbortController().signal, say: () => {} };
  const { kernel, initrd } = await prepareBootSource(source);
  const file = await openFileSource(image, { sizeBytes: metainfo.lengthBytes });
  const seeded = await SeededMachine.start({
    ...{ metainfo, source: file, kernel, initrd, memoryMiB: 1024, log: silentLog },
    accelerator: await chooseAccelerator({ kernel, directory: LAB_DIRECTORY, log: silentLog }),
    parameters: ['viver.share=300M'],
    serialLog: join(scratch, 'console.log'),
  });
  try {
    const { machine } = seeded;
    await seeded.waitFor(() => machine.console.has('login'), BOOT_MS);
    await machine.agent.waitReady(90_000);
    const seconds = await multiUserSeconds(machine.agent, 120);
    const ask = async (what: string) => JSON.parse((await machine.agent.shell(`/usr/local/bin/viver ${what}`)).stdout);
    const { field }: NodeStatus = await ask('status --json');
    const { pieces, pieceCount }: TraceFile = await ask('trace --json');
    expect(pieceCount).toBe(metainfo.pieceCount);
    return { field, recorded: pieces, multiUserSeconds: seconds };
  } finally {
    await seeded.close();
    await file.close();
  }
}

function describeBoot(name: string, { field, multiUserSeconds, recorded }: Boot): string {
  const mebibytes = Object.values(field.bytesFrom.peers).reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20;
  const { all, waited } = field.reads;
  return `${name}: multi-user after ${multiUserSeconds.toFixed(1)} s, ${waited} of ${all} reads waited, ${recorded.length} pieces read, ${mebibytes.toFixed(0)} MiB fetched`;
}

test('a boot is recorded, and the next one along the trace waits less often', { timeout: 4 * BOOT_MS }, async () => {
  const { metainfo: bare } = await readImageFile(image);
  const made = spawnSync(KIT, ['image', 'trace', image], { encoding: 'utf8', timeout: BOOT_MS });
  expect(made).toMatchObject({ status: 0, stdout: expect.stringMatching(/boot trace: \d+ of \d+ pieces/) });
  const { metainfo } = await readImageFile(image);
  expect(metainfo.infoHashV2).toEqual(bare.infoHashV2);

  const without = await boot('without', bare);
  const along = await boot('along', metainfo);
  console.log(`${describeBoot('without a trace', without)}\n${describeBoot('along the trace', along)}`);
  expect([without.field.bootTracePieces, along.field.bootTracePieces]).toEqual([0, metainfo.bootTrace?.length]);
  expect(along.field.reads.waited).toBeLessThan(without.field.reads.waited / 2);

  // What the seed was asked for is what the kernel of another boot of the same image reads, by that machine's own record.
  const traced = new Set(metainfo.bootTrace);
  const known = without.recorded.filter((piece) => traced.has(piece)).length;
  expect(known / without.recorded.length).toBeGreaterThan(0.9);
});
