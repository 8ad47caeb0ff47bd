// Rune clock: the time zone, whether the machine's clock keeps local time (a PC that runs Windows on other days) and who is asked for the time. The time
// itself is set by the kernel from the machine's clock; where that is wrong, a diskless PC has taken the boot server's (initrd/room-time.ts).

import * as z from 'zod/mini';
import { ViverError } from '../../../errors.ts';
import type { RootFiles } from '../../contract/root-files.ts';
import { defineRune } from '../../contract/rune.ts';

const ZONES = '/usr/share/zoneinfo';
const ADJTIME = '/etc/adjtime';
/** What it asks by itself stays: servers of DHCP are asked beside them. */
const CHRONY_SOURCES = '/etc/chrony/sources.d';
const TIMESYNCD = '/usr/lib/systemd/systemd-timesyncd';
const HEAD = '# Written by Viver at every start: what the DHCP server says.\n';

const settings = z.object({
  zone: z
    .optional(z.string().check(z.regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/)))
    .check(z.describe("time zone such as Asia/Tokyo; the image's when not set")),
  rtc: z
    .optional(z.enum(['utc', 'local']))
    .check(z.describe("what the machine's own clock keeps; Windows has it at local time; the image's when not set")),
});

export const clock = defineRune({
  name: 'clock',
  version: 1,
  stage: 'configure',
  summary: "time zone, what the machine's clock keeps, time servers of the network",
  offers: [],
  needs: [],
  settings,
  async start({ facts, files, log, settings: { zone, rtc } }) {
    const servers = facts.bootNic?.ntpServers ?? [];
    const done = await Promise.all([setZone(files, zone), setRtc(files, rtc), askServers(files, servers)]);
    const words = done.filter((word) => word !== undefined);
    log.info(words.length > 0 ? words.join('; ') : "zone, clock and time servers are the image's");
  },
});

/** @throws ViverError RUNES_NO_ZONE */
async function setZone(files: RootFiles, zone: string | undefined): Promise<string | undefined> {
  if (zone === undefined) return undefined;
  const [isThere, hasTimezone] = await Promise.all([files.exists(`${ZONES}/${zone}`), files.exists('/etc/timezone')]);
  if (!isThere) throw new ViverError('RUNES_NO_ZONE', `the image has no time zone ${zone} (${ZONES}): its own stays`);
  await Promise.all([
    files.symlink(`${ZONES}/${zone}`, '/etc/localtime'),
    hasTimezone ? files.writeText('/etc/timezone', `${zone}\n`) : undefined,
  ]);
  return `time zone ${zone}`;
}

async function setRtc(files: RootFiles, rtc: 'utc' | 'local' | undefined): Promise<string | undefined> {
  if (rtc === undefined) return undefined;
  await files.writeText(ADJTIME, adjtimeText(rtc));
  return `the machine's clock keeps ${rtc === 'utc' ? 'UTC' : 'local time'}`;
}

/** hwclock(8), adjtime file: no drift is known of this machine's clock. systemd reads the third line. */
export function adjtimeText(rtc: 'utc' | 'local'): string {
  return `0.0 0 0.0\n0\n${rtc.toUpperCase()}\n`;
}

async function askServers(files: RootFiles, servers: readonly string[]): Promise<string | undefined> {
  if (servers.length === 0) return undefined;
  const [hasTimesyncd, hasChrony] = await Promise.all([files.exists(TIMESYNCD), files.exists(CHRONY_SOURCES)]);
  const sources = servers.map((server) => `server ${server} iburst\n`).join('');
  await Promise.all([
    hasTimesyncd
      ? files.writeText('/etc/systemd/timesyncd.conf.d/viver.conf', `${HEAD}[Time]\nNTP=${servers.join(' ')}\n`)
      : undefined,
    hasChrony ? files.writeText(`${CHRONY_SOURCES}/viver.sources`, `${HEAD}${sources}`) : undefined,
  ]);
  const asked = [hasTimesyncd ? 'timesyncd' : '', hasChrony ? 'chrony' : ''].filter(Boolean).join(' and ');
  return `time servers of the network: ${servers.join(', ')}${asked ? `, asked by ${asked}` : '; the image has nobody to ask them'}`;
}
