// The facts of this machine as files that the running system sees: JSON, and variables for sh and systemd. docs/runes.md names them.

import type { Facts } from '../src/runes/contract/facts.ts';
import { factsEnvironment, formatEnvironmentFile } from '../src/runes/hooks/environment.ts';
import type { Sys } from '../src/sys/sys.ts';
import { SHARED_RUN } from './context.ts';

/** For scripts of stage `configure`, and again when all is known. */
export async function writeFactsJson(sys: Sys, facts: Facts): Promise<void> {
  await sys.makeDirectory(SHARED_RUN);
  await sys.replaceFile(`${SHARED_RUN}/facts.json`, `${JSON.stringify(facts, null, 2)}\n`);
}

/** What units of hooks wait for: written when the network is there, or is known not to come. */
export async function writeFactsFiles(sys: Sys, facts: Facts, hostName: string | undefined): Promise<void> {
  await writeFactsJson(sys, facts);
  await sys.replaceFile(`${SHARED_RUN}/facts.env`, formatEnvironmentFile(factsEnvironment(facts, hostName)));
}
