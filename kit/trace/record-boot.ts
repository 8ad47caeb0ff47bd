// Records a boot trace by booting: the image starts once as a diskless machine in a virtual machine that keeps nothing, and the seed, this process,
// notes which pieces it asks for, in order. So nothing is needed inside of the image. The machine is cut off from all networks: what is
// in an image may be a copy of a server that must not wake up twice.

import { join } from 'node:path';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { LAB_DIRECTORY } from '../../lab/room-paths.ts';
import type { RunningMachine } from '../../lab/running-machine.ts';
import { SeededMachine } from '../../lab/seeded-machine.ts';
import { createLog } from '../../src/log.ts';
import { BootRecorder } from '../../src/vfield/boot-recorder.ts';
import { openFileSource } from '../../src/vfield/file-source.ts';
import type { TraceFile } from '../../src/vfield/trace-file.ts';
import type { ImageFile } from '../image-file.ts';
import { prepareBootSource } from '../media/boot-source.ts';

/** The whole boot, slow machines without KVM included. */
const BOOT_LIMIT_MS = 900_000;
/** After the login prompt the boot is over when nothing new was read for so long; without a prompt, after the longer time. */
const QUIET_MS = 10_000;
const LONG_QUIET_MS = 45_000;

export interface RecordOptions {
  readonly image: ImageFile;
  /** Instead of those of the image. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly memoryMiB: number;
  /** A directory for kernel, initrd and the console's log. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** @throws ViverError LAB_BOOT when the system does not come up, LAB_TIME, and what prepareBootSource throws. */
export async function recordBoot(options: RecordOptions): Promise<TraceFile> {
  const { image, say, scratch, memoryMiB } = options;
  const log = createLog((_level, _area, message) => say(message), '', 'warn');
  const source = await prepareBootSource(options);
  const accelerator = await chooseAccelerator({ kernel: source.kernel, directory: LAB_DIRECTORY, log });
  say(`booting ${image.metainfo.image.label} once${accelerator === 'kvm' ? '' : ', emulated: this takes minutes'}`);
  // Without its old trace: with one the machine would fetch ahead.
  const { bootTrace: _old, ...metainfo } = image.metainfo;
  const recorder = new BootRecorder(metainfo);
  const file = await openFileSource(image.path, { sizeBytes: metainfo.lengthBytes });
  const boot = await SeededMachine.start({
    ...{ ...source, metainfo, memoryMiB, accelerator, log },
    source: recorder.over(file),
    parameters: ['viver.share=0'], // what it asks for is what its kernel reads
    serialLog: join(scratch, 'console.log'),
  });
  try {
    const tellPhases = phaseTeller(boot.machine, say);
    await boot.waitFor(() => tellPhases() && isBooted(boot.machine, recorder), BOOT_LIMIT_MS, options.signal);
  } finally {
    await boot.close();
    await file.close();
  }
  return traceOf(image, recorder, accelerator);
}

/** Says each phase once. */
function phaseTeller({ console }: RunningMachine, say: (line: string) => void): () => true {
  let told = 0;
  return () => {
    for (const { name, seconds } of console.phases.slice(told)) say(`  ${seconds.toFixed(1)} s ${name}`);
    told = console.phases.length;
    return true;
  };
}

function isBooted({ console }: RunningMachine, { pieces, quietMs }: BootRecorder): boolean {
  if (pieces.length === 0 || !console.has('handover')) return false;
  return quietMs > (console.has('login') ? QUIET_MS : LONG_QUIET_MS);
}

function traceOf({ metainfo }: ImageFile, { pieces, lengthMs }: BootRecorder, accelerator: string): TraceFile {
  const { infoHashV2, pieceCount } = metainfo;
  const note = `a virtual machine (${accelerator}): ${pieces.length} pieces in ${(lengthMs / 1000).toFixed(1)} s`;
  return { infoHash: infoHashV2.toHex(), pieceCount, pieces, note };
}
