// What lies on the drives of this machine, for the runes: partitions with what is in them. The first bytes of each are read and nothing else; a
// drive that does not answer in time is left out, and the boot goes on.

import { errorLine, ViverError } from '../src/errors.ts';
import { type Drive, listDrives } from '../src/images/drives.ts';
import { PROBE_BYTES } from '../src/images/filesystems.ts';
import { probeContent } from '../src/images/partition-content.ts';
import type { Log } from '../src/log.ts';
import type { DriveFacts } from '../src/runes/contract/facts.ts';
import type { Sys } from '../src/sys/sys.ts';

/** A disk that has to spin up takes longer and is passed over: nobody's boot waits for somebody's swap. */
const ANSWER_MS = 3000;

/** Partitions, and disks without any, that something was recognised on. Never rejects. */
export async function readDriveFacts(sys: Sys, log: Log, sysRoot: string, devRoot: string): Promise<DriveFacts[]> {
  const drives = await listDrives(sys, sysRoot, devRoot).catch((error: unknown) => {
    log.warn(`the drives of this machine are not known: ${errorLine(error)}`);
    return [];
  });
  const holders = drives.filter(({ optical, hasPartitions }) => !optical && !hasPartitions);
  const facts = await Promise.all(
    holders.map((drive) =>
      driveFacts(sys, drive).catch((error: unknown) => {
        log.warn(`what lies on ${drive.name} is not known: ${errorLine(error)}`);
        return undefined;
      }),
    ),
  );
  return facts.filter((fact) => fact !== undefined);
}

async function driveFacts(sys: Sys, drive: Drive): Promise<DriveFacts | undefined> {
  const reading = sys.readBytes(drive.devicePath, 0, Math.min(PROBE_BYTES, drive.sizeBytes));
  const content = probeContent(await inTime(reading, drive.name));
  if (!content) return undefined;
  const { devicePath: device, sizeBytes, readOnly, removable, transport } = drive;
  const { type, label, uuid } = content;
  const names = { ...(label ? { label } : {}), ...(uuid ? { uuid } : {}) };
  return { device, sizeBytes, readOnly, removable, transport, type, ...names };
}

async function inTime<Result>(work: Promise<Result>, name: string): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const slow = () => reject(new ViverError('IMAGE_DRIVE_SLOW', `${name} did not answer for ${ANSWER_MS} ms`));
    timer = setTimeout(slow, ANSWER_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
