// Each scenario with small numbers: its report has figures, and a seed gives the same one again.

import { describe, expect, it } from 'vitest';
import { runChurn } from '../churn/churn.ts';
import { makeImage } from '../image.ts';
import { formatPlot } from '../report/plot.ts';
import { formatMarkdown } from '../report/table.ts';
import { runSimulatedStorm } from '../validate/validation.ts';
import { faultScenario } from './faults.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';
import { stormScenario } from './storm.ts';

const OPTIONS: ScenarioOptions = {
  nodes: [1, 2],
  seed: 3,
  runs: 2,
  imageMebibytes: 4,
  share: 0.5,
  staggerMs: 50,
  trace: true,
  progress: () => {},
};

const pageOf = async (scenario: Scenario): Promise<string> => {
  const { conditions, tables, plots } = await scenario.run(OPTIONS);
  return [conditions, ...tables.map(formatMarkdown), ...Object.values(plots).map(formatPlot)].join('\n');
};

describe('a scenario', () => {
  for (const scenario of [stormScenario, faultScenario]) {
    it(`reports the same figures for the same seed (${scenario.name})`, { timeout: 60_000 }, async () => {
      const page = await pageOf(scenario);
      expect(page).not.toMatch(/NaN|undefined/);
      expect(await pageOf(scenario)).toBe(page);
    });
  }
});

describe('churn', () => {
  it('leaves as many copies as placement promises, a minute after each change', { timeout: 120_000 }, async () => {
    const samples = await runChurn({ image: await makeImage(32), nodes: 8, share: 0.5, seed: 2 });
    expect(samples.length).toBe(900);
    expect(new Set(samples.map(({ nodes }) => nodes)).size).toBeGreaterThan(1);
    for (const sample of samples.filter(({ atSeconds }) => atSeconds > 60)) {
      expect(sample.least, `second ${sample.atSeconds}`).toBeGreaterThan(0);
      if (sample.calmSeconds >= 55) expect(sample.least).toBeGreaterThanOrEqual(sample.bound);
    }
  });
});

describe('the twin of real processes', () => {
  it('reads all on every node, and the first sends at least one image', async () => {
    const image = await makeImage(24);
    const { readMs, firstSentBytes } = await runSimulatedStorm({
      image,
      nodes: 2,
      shareMebibytes: 2,
      bitsPerSecond: 50e6,
      seed: 1,
    });
    expect(readMs.length).toBe(2);
    expect(Math.min(...readMs)).toBeGreaterThan((image.bytes.length * 8) / 50e3);
    expect(firstSentBytes).toBeGreaterThanOrEqual(image.bytes.length);
  });
});
