// From an image in the field to a block device.

import type { Log } from '../src/log.ts';
import { attachNbdDevice } from '../src/sys/nbd-device.ts';
import { type BlockSource, zeroPadded } from '../src/vfield/block-source.ts';
import { serveNbdTransmission } from '../src/vfield/nbd/server.ts';

const SECTOR_BYTES = 4096;

/** Makes /dev/nbd0 of a source in this process. The nbd module is loaded. From now on nothing may wait for a read of that device here. */
export function attachField(source: BlockSource, log: Log): string {
  const padded = zeroPadded(source, SECTOR_BYTES);
  const device = attachNbdDevice(0, padded.sizeBytes);
  serveNbdTransmission(padded, device.stream, { log });
  return device.path;
}
