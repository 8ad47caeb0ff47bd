// From an image in the field to a block device, and to the same device again when its connection or the process behind it has ended
// (docs/decisions/0017-take-over.md).

import type { Duplex } from 'node:stream';
import { errorLine } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import { attachNbdDevice, reconnectNbdDevice } from '../src/sys/nbd-device.ts';
import type { Sys } from '../src/sys/sys.ts';
import { type BlockSource, zeroPadded } from '../src/vfield/block-source.ts';
import { serveNbdTransmission } from '../src/vfield/nbd/server.ts';
import { SYSFS, sleep } from './context.ts';

const INDEX = 0;
export const FIELD_DEVICE = `/dev/nbd${INDEX}`;
const SECTOR_BYTES = 4096;
/**
 * The kernel looks at each request that is not answered so often, in ms. Only then does it see that the connection which carried the request has
 * been replaced, and sends it again: so long may reads take that were under way when the process was killed. Each look at a request that just
 * waits is a line in its log.
 */
const LOOK_AGAIN_MS = 3000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** Makes /dev/nbd0 of a source in this process. The nbd module is loaded. From now on nothing may wait for a read of that device here. */
export async function attachField(source: BlockSource, sys: Sys, log: Log): Promise<string> {
  const padded = zeroPadded(source, SECTOR_BYTES);
  keepServed(padded, attachNbdDevice(INDEX, padded.sizeBytes, { outlives: true }), connectAgain, log);
  await sys.writeText(`${SYSFS}/block/nbd${INDEX}/queue/io_timeout`, `${LOOK_AGAIN_MS}\n`);
  return FIELD_DEVICE;
}

/** Serves /dev/nbd0 in the place of a process that has ended. @throws ViverError NBD_ATTACH_FAILED when nobody had attached it */
export function takeFieldOver(source: BlockSource, log: Log): void {
  keepServed(zeroPadded(source, SECTOR_BYTES), connectAgain(), connectAgain, log);
}

const connectAgain = () => reconnectNbdDevice(INDEX);

/**
 * Serves the kernel over `stream`, and when that has ended for whatever reason over the next one: without, all readers of the device wait for ever.
 * @param connect Gives the device a new connection.
 */
export function keepServed(source: BlockSource, stream: Duplex, connect: () => Duplex, log: Log): void {
  void serveNbdTransmission(source, stream, { log }).closed.then(async () => {
    log.warn(`${FIELD_DEVICE} has lost its connection: it gets a new one`);
    keepServed(source, await connectPatiently(connect, log), connect, log);
  });
}

async function connectPatiently(connect: () => Duplex, log: Log): Promise<Duplex> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    await sleep(pause);
    try {
      return connect();
    } catch (error) {
      log.error(errorLine(error));
    }
  }
}
