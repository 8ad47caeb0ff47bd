// The storm of sixteen under other conditions: which of them the short times and the small egress hang on.

import type { StormOptions } from '../storm/storm.ts';
import { makeBootImage } from './boot-image.ts';
import type { Scenario } from './scenario.ts';
import { measureStorm, type StormFigures } from './storm.ts';

const NODES = 16;
const IMAGE_MEBIBYTES = 64;

interface Variant {
  readonly name: string;
  readonly storm: Partial<StormOptions>;
  readonly trace?: boolean;
  readonly cpuMsPerMebibyte?: number;
}

const VARIANTS: readonly Variant[] = [
  { name: 'at once, a quarter kept, with a trace', storm: {} },
  { name: 'a tenth kept', storm: { share: 0.1 } },
  { name: 'all kept', storm: { share: 1 } },
  { name: 'without a trace', storm: {}, trace: false },
  { name: '100 ms after each other', storm: { staggerMs: 100 } },
  { name: '2 s after each other', storm: { staggerMs: 2_000 } },
  { name: 'reads without pauses', storm: {}, cpuMsPerMebibyte: 0 },
  { name: 'one packet in 1,000 lost', storm: { network: { loss: 0.001 } } },
];

export const variantScenario: Scenario = {
  name: 'variants',
  help: 'sixteen machines under other conditions: shares, no boot trace, one after the other, losses',
  run: async ({ seed, nodes = [NODES], imageMebibytes: mebibytes = IMAGE_MEBIBYTES, progress }) => {
    const many = nodes[0]!;
    const figures: { name: string; one: StormFigures; many: StormFigures }[] = [];
    for (const { name, storm, trace = true, ...rest } of VARIANTS) {
      const boot = await makeBootImage({ mebibytes, seed, trace, ...rest });
      const measure = (count: number): Promise<StormFigures> => measureStorm(boot, count, { ...storm, seed });
      figures.push({ name, one: await measure(1), many: await measure(many) });
      progress(name);
    }
    return {
      name: 'variants',
      conditions: `Seed ${seed}; ${many} machines, else as above.`,
      tables: [
        {
          title: `${many} machines under other conditions`,
          columns: [
            { title: 'condition' },
            { title: 'slowest boot, s', digits: 2 },
            { title: 'by that of one machine', digits: 2 },
            { title: 'median boot by that of one', digits: 2 },
            { title: 'NBD server, s', digits: 2 },
            { title: 'first sent, images', digits: 2 },
          ],
          rows: figures.map(({ name, one, many: all }) => [
            name,
            all.lastMs / 1000,
            all.lastMs / one.lastMs,
            all.medianMs / one.medianMs,
            all.nbdMs / 1000,
            all.egress,
          ]),
        },
      ],
      plots: {},
      data: figures,
    };
  },
};
