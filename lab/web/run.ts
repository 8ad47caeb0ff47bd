// Runs the web farm from nothing to the report: a room with a load balancer and web servers of contrib/runes/web-room, and clients that never stop asking.

import { appendFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Play } from '../demonstration/play.ts';
import { playScript, say } from '../demonstration/stage.ts';
import { LAB_DIRECTORY, PROJECT_DIRECTORY, roomDirectory } from '../room-paths.ts';
import { Farm } from './farm.ts';
import { machinesFile, QUICK_ROLES, settingsFile, WEB_SHARE, type WebPlan, webPlan } from './plan.ts';
import { formatTable, tabulate } from './requests.ts';
import { webSteps } from './steps.ts';
import { WEB_DIRECTORY, WEB_RECIPE } from './system.ts';

const ROOM = 'web';
const RUNES = join(PROJECT_DIRECTORY, 'contrib/runes/web-room');
const STEP_SECONDS = 10;

export interface WebReport {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  /** Requests answered by each machine, step by step of time, as a table. */
  readonly table: string;
}

/** @returns the report, which also lies in out/lab/report-web.json. */
export async function runWebFarm({ quick }: { quick: boolean }): Promise<WebReport> {
  let farm: Farm | undefined;
  const farmOf = (play: Play<WebPlan>) => {
    farm ??= new Farm(play);
    return farm;
  };
  let table = '';
  const steps = webSteps(farmOf);
  const keepTable = {
    title: 'the table is made',
    run: async () => {
      if (farm) table = formatTable(tabulate((await farm.requests()).flat(), STEP_SECONDS), farm.events);
    },
  };
  const play = await playScript({
    room: ROOM,
    stickName: quick ? 'stick-quick.img' : 'stick.img',
    share: WEB_SHARE,
    system: { directory: WEB_DIRECTORY, recipe: WEB_RECIPE },
    makeRunes: () => makeRunes(quick),
    plan: (stick) => webPlan(quick, stick),
    steps: [...steps, keepTable],
  });
  const { ok, checks } = play.report();
  await writeFile(
    join(LAB_DIRECTORY, 'report-web.json'),
    `${JSON.stringify({ ok, checks, events: farm?.events, table: table.split('\n') }, null, 2)}\n`,
  );
  say(`\n${table}\n${ok ? 'Every check holds.' : 'Some checks failed.'} Logs: ${roomDirectory(ROOM)}`);
  return { ok, checks, table };
}

/** The runes as they are, and a list of machines with their roles. */
async function makeRunes(quick: boolean): Promise<string> {
  const folder = join(WEB_DIRECTORY, quick ? 'RUNES-quick' : 'RUNES');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const name of ['roles', 'runes']) await cp(join(RUNES, name), join(folder, name), { recursive: true });
  if (quick) await appendFile(join(folder, 'roles'), QUICK_ROLES);
  await writeFile(join(folder, 'machines'), machinesFile());
  await writeFile(join(folder, 'settings'), settingsFile());
  return folder;
}
