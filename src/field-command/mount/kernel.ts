// The first way: /dev/nbdN of the kernel, attached by netlink, served by this process without a handshake.

import type { Duplex } from 'node:stream';
import { ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Sys } from '../../sys/sys.ts';
import { type BlockSource, zeroPadded } from '../../vfield/block-source.ts';
import { serveNbdTransmission } from '../../vfield/nbd/server.ts';
import type { Attachment } from './attachment.ts';

const SECTOR_BYTES = 4096;

/** The two netlink calls of src/sys/nbd-device.ts. */
export interface NbdDevices {
  /** @returns the end of the device's connection that is ours. */
  attach(index: number, sizeBytes: number): Duplex;
  detach(index: number): void;
}

/** Takes a free device. @throws ViverError FIELD_NO_DEVICE when all are in use, NBD_ATTACH_FAILED */
export async function attachToKernel(
  source: BlockSource,
  sys: Sys,
  log: Log,
  devices: NbdDevices,
): Promise<Attachment> {
  const padded = zeroPadded(source, SECTOR_BYTES);
  const index = await freeDevice(sys);
  const stream = devices.attach(index, padded.sizeBytes);
  const session = serveNbdTransmission(padded, stream, { log });
  return {
    device: `/dev/nbd${index}`,
    mountOptions: ['ro'],
    lost: session.closed.then(() => `the kernel has closed /dev/nbd${index}`),
    detach: async () => {
      devices.detach(index);
      session.close();
      await session.closed;
    },
  };
}

/** The driver shows the process behind a device in use as `pid`. */
async function freeDevice(sys: Sys): Promise<number> {
  const names = (await sys.list('/sys/block')).filter((name) => /^nbd\d+$/.test(name));
  const indexes = names.map((name) => Number(name.slice(3))).sort((a, b) => a - b);
  for (const index of indexes) if (!(await sys.exists(`/sys/block/nbd${index}/pid`))) return index;
  throw new ViverError(
    'FIELD_NO_DEVICE',
    `all ${indexes.length} nbd devices are in use: modprobe nbd with a larger nbds_max`,
  );
}
