// The facts of this machine as files that the running system sees: JSON, and variables for sh and systemd. docs/runes.md names them.

import type { Facts } from '../src/runes/contract/facts.ts';
import { factsEnvironment, formatEnvironmentFile } from '../src/runes/hooks/environment.ts';
import { knownMachines, withMachines } from '../src/runes/machines/known-machines.ts';
import type { RuneFolder } from '../src/runes/roles/rune-folder.ts';
import type { Sys } from '../src/sys/sys.ts';
import { SHARED_RUN, sleep } from './context.ts';

/** What the kernel calls itself before anybody has named it. */
const NAMELESS = '(none)';
const NAME_POLL_MS = 250;
const NAME_TRIES = 40;

/** For scripts of stage `configure`, and again when all is known. */
export async function writeFactsJson(sys: Sys, found: Facts, folders: readonly RuneFolder[]): Promise<Facts> {
  const facts = withMachines(found, knownMachines(folders).machines);
  await sys.makeDirectory(SHARED_RUN);
  await sys.replaceFile(`${SHARED_RUN}/facts.json`, `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}

/** What units of hooks wait for: written when the network is there, or is known not to come. */
export async function writeFactsFiles(sys: Sys, found: Facts, folders: readonly RuneFolder[]): Promise<void> {
  const facts = await writeFactsJson(sys, found, folders);
  const hostName = await settledHostName(sys);
  await sys.replaceFile(`${SHARED_RUN}/facts.env`, formatEnvironmentFile(factsEnvironment(facts, hostName)));
}

/** The name that the new init gives the machine, one of the first things that it does; undefined when it gives none. */
export async function settledHostName(sys: Sys): Promise<string | undefined> {
  for (let tries = 0; tries < NAME_TRIES; tries++) {
    const name = (await sys.readText('/proc/sys/kernel/hostname')).trim();
    if (name !== NAMELESS) return name;
    await sleep(NAME_POLL_MS);
  }
  return undefined;
}
