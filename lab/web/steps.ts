// The web farm's steps, in order: machines are switched on, shut down and cut while two clients never stop asking.

import { setTimeout as delay } from 'node:timers/promises';
import { bootAll, checkRoot, type Step } from '../demonstration/common-steps.ts';
import type { Play } from '../demonstration/play.ts';
import type { Farm } from './farm.ts';
import { type Placement, unitOf } from './placement.ts';
import { LATE_SERVER, REST_SECONDS, UNITS, WEB_SERVERS, type WebPlan } from './plan.ts';
import { isAnswered, unexplainedFailures } from './requests.ts';

/** @param farmOf The farm of the play that the steps are run in. */
export function webSteps(farmOf: (play: Play<WebPlan>) => Farm): readonly Step<WebPlan>[] {
  const step = (title: string, run: (farm: Farm) => Promise<void>): Step<WebPlan> => ({
    title,
    run: (play) => run(farmOf(play)),
  });
  return [
    {
      title: 'the first PC starts from the stick',
      run: async (play) => bootAll(play, [await play.start(play.plan.first)], checkRoot),
    },
    step('the load balancer and three web servers start', startFarm),
    step('two clients begin to ask', startAsking),
    step('a web server is shut down from inside', shutDownOne),
    step('another web server is switched on', addServer),
    step('the plug of a web server is pulled', pullOnePlug),
    step('the requests are judged', judgeRequests),
  ];
}

async function startFarm(farm: Farm): Promise<void> {
  const { balancer } = farm.play.plan;
  const names = balancer === 'first' ? WEB_SERVERS : [balancer, ...WEB_SERVERS];
  await Promise.all(names.map((name) => farm.switchOn(name)));
  await farm.play.check('three web servers share the units', async () => {
    const placement = await farm.until('both units to be served by three machines', async () => {
      const found = await farm.placement();
      const counts = UNITS.map(({ name }) => found.get(name)?.length ?? 0).sort();
      return counts.join() === '1,2' ? found : undefined;
    });
    return { ok: true, detail: formatPlacement(placement) };
  });
}

async function startAsking(farm: Farm): Promise<void> {
  await farm.startClients(await farm.balancerAddress());
  await farm.happened('the clients begin');
  await rest();
}

async function shutDownOne(farm: Farm): Promise<void> {
  await farm.switchOff(await oneOfTwo(farm));
  await rest();
}

async function addServer(farm: Farm): Promise<void> {
  await farm.happened(`${LATE_SERVER} is switched on`);
  await farm.switchOn(LATE_SERVER);
  const unit = await farm.joined(LATE_SERVER);
  await farm.happened(`${LATE_SERVER} joins ${unit}`);
  await farm.play.check(`${LATE_SERVER} has joined the unit that it found busiest`, async () => {
    const choice = await farm.choice(LATE_SERVER);
    const loads = [...(choice?.loads ?? [])];
    const [busiest] = loads.toSorted(([, one], [, other]) => other - one);
    return { ok: busiest?.[0] === unit, detail: `${loads.map((load) => load.join(' ')).join(', ')}: joined ${unit}` };
  });
  await rest();
  await farm.play.check(`${LATE_SERVER} answers`, () => hasAnswered(farm, LATE_SERVER));
}

async function pullOnePlug(farm: Farm): Promise<void> {
  await farm.pullPlug(await oneOfTwo(farm));
  await rest();
  await farm.play.check('the units have who is left', async () => {
    const placement = await farm.placement();
    return { ok: [...placement.values()].flat().length === 2, detail: formatPlacement(placement) };
  });
}

async function judgeRequests(farm: Farm): Promise<void> {
  const requests = await farm.requests();
  const failures = unexplainedFailures(requests, farm.cuts);
  const all = requests.flat();
  const failed = all.filter((request) => !isAnswered(request)).length;
  await farm.play.check('no request failed but those in flight at the cut', () => ({
    ok: failures.length === 0 && all.length > 0,
    detail: `${all.length} requests, ${failed} failed, ${failures.length} of them with no cut to explain it`,
  }));
}

/** A machine that leaves another one behind in its unit: the one that has been there longer. */
async function oneOfTwo(farm: Farm): Promise<string> {
  return farm.until('a unit to have two machines', async () => {
    const pairs = [...(await farm.placement()).values()].filter(({ length }) => length > 1);
    return pairs[0]?.[0];
  });
}

async function hasAnswered(farm: Farm, machine: string) {
  const count = (await farm.requests()).flat().filter((request) => request.machine === machine).length;
  const unit = unitOf(await farm.placement(), machine);
  return { ok: count > 0, detail: `${count} requests of unit ${unit}` };
}

function formatPlacement(placement: Placement): string {
  return [...placement].map(([unit, machines]) => `${unit}: ${machines.join(' ') || 'nobody'}`).join(', ');
}

function rest(): Promise<void> {
  return delay(REST_SECONDS * 1000);
}
