// A few of the fault runs; fault-room.slow.test.ts has hundreds. A failing one is run again by `make simulate SCENARIO=faults RUNS=1 SEED=…`.

import { describe, expect, it } from 'vitest';
import { HOSTS, planFaults } from './fault-plan.ts';
import { runFaults } from './fault-room.ts';

describe('a plan of faults', () => {
  it('follows from its seed, and the plans of 50 seeds have every fault and every bad peer in them', () => {
    const plans = Array.from({ length: 50 }, (_, at) => planFaults(at + 1));
    expect(planFaults(1)).toEqual(plans[0]);
    const kinds = new Set(plans.flatMap(({ steps }) => steps.map(({ fault }) => fault.kind)));
    expect([...kinds].sort()).toEqual(['cut', 'fast', 'heal', 'none', 'powerOff', 'powerOn', 'slow']);
    expect(new Set(plans.flatMap(({ badPeers }) => [...badPeers.values()].map(String))).size).toBeGreaterThanOrEqual(4);
    for (const { badPeers } of plans) for (const host of badPeers.keys()) expect(HOSTS).not.toContain(host);
  });
});

describe('a room in which everything goes wrong', () => {
  for (let seed = 1; seed <= 20; seed++) {
    it(`never gives a wrong byte, never leaves a read behind (seed ${seed})`, { timeout: 60_000 }, async () => {
      const result = await runFaults(seed);
      expect(result).toMatchObject({ seed, wrong: 0, stuck: 0 });
      expect(result.reads).toBeGreaterThan(100);
    });
  }

  it('is the same run for the same seed', { timeout: 60_000 }, async () => {
    expect(await runFaults(3)).toEqual(await runFaults(3));
  });
});
