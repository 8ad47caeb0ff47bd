// From an image to a block device: a loop device or the partition itself for a local one, /dev/nbd0 for one in the field.

import type { Log } from '../src/log.ts';
import { attachNbdDevice } from '../src/sys/nbd-device.ts';
import type { Sys } from '../src/sys/sys.ts';
import { type BlockSource, zeroPadded } from '../src/vfield/block-source.ts';
import { serveNbdTransmission } from '../src/vfield/nbd/server.ts';
import type { LocalImage } from './local-image.ts';

const SECTOR_BYTES = 4096;

/** The device to mount for an image on a drive of this machine. */
export async function attachLocal(sys: Sys, image: LocalImage): Promise<string> {
  return image.path === image.drive.devicePath ? image.path : sys.attachLoop(image.path, { readOnly: true });
}

/** Makes /dev/nbd0 of a source in this process. The nbd module is loaded. From now on nothing may wait for a read of that device here. */
export function attachField(source: BlockSource, log: Log): string {
  const padded = zeroPadded(source, SECTOR_BYTES);
  const device = attachNbdDevice(0, padded.sizeBytes);
  serveNbdTransmission(padded, device.stream, { log });
  return device.path;
}
