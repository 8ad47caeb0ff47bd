// Copies of every piece over a quarter of an hour in which nodes come and go, beside the bound that placement promises.

import { type ChurnSample, runChurn } from '../churn/churn.ts';
import { makeImage } from '../image.ts';
import type { Report } from '../report/report.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';

const NODES = 20;
const SHARE = 0.3;
const IMAGE_MEBIBYTES = 32;
const PIECES_PER_MEBIBYTE = 8;
/** The bound is promised a minute after the last change. */
const CALM_SECONDS = 55;

export const churnScenario: Scenario = {
  name: 'churn',
  help: 'nodes come and go for a quarter of an hour: copies of each piece, beside the bound of placement',
  run: async (options) => {
    const image = await makeImage((options.imageMebibytes ?? IMAGE_MEBIBYTES) * PIECES_PER_MEBIBYTE, options.seed);
    const nodes = options.nodes?.[0] ?? NODES;
    const samples = await runChurn({ image, nodes, share: options.share ?? SHARE, seed: options.seed });
    return reportOf(samples, nodes, options);
  },
};

function reportOf(samples: readonly ChurnSample[], nodes: number, options: ScenarioOptions): Report {
  const least = (values: readonly number[]): number => Math.min(...values);
  const placed = samples.filter(({ atSeconds }) => atSeconds > 60);
  const calm = placed.filter(({ calmSeconds }) => calmSeconds >= CALM_SECONDS);
  const line = (name: string, value: (sample: ChurnSample) => number) => ({
    name,
    points: samples.map((sample) => [sample.atSeconds / 60, value(sample)] as const),
  });
  const share = options.share ?? SHARE;
  return {
    name: 'churn',
    conditions: [
      `Seed ${options.seed}: ${nodes} nodes that each give RAM for ${Math.round(share * 100)} % of an image of ${options.imageMebibytes ?? IMAGE_MEBIBYTES} MiB.`,
      'After a minute the first, which has the image on its medium, leaves; then one node loses its power each minute and another one comes 20 s later;',
      'in the end a fifth of them go at once.',
    ].join(' '),
    tables: [
      {
        title: 'Copies of a piece in the RAM of the room, after the first had left',
        columns: [{ title: 'figure' }, { title: 'value' }],
        rows: [
          ['copies of the rarest piece, the least of all seconds', least(placed.map((sample) => sample.least))],
          ['copies of the median piece, the least of all seconds', least(placed.map((sample) => sample.median))],
          [
            'seconds in which the rarest piece was below the bound',
            placed.filter((sample) => sample.least < sample.bound).length,
          ],
          [
            `the same, ${CALM_SECONDS} s and more after the last change (0 wanted)`,
            calm.filter((sample) => sample.least < sample.bound).length,
          ],
        ],
      },
    ],
    plots: {
      'field-churn-copies': {
        title: 'Copies of each piece while nodes come and go',
        x: { title: 'minutes' },
        y: { title: 'copies' },
        series: [
          line('rarest piece', (sample) => sample.least),
          line('median piece', (sample) => sample.median),
          { ...line('bound: floor(n·c/K) - 1', (sample) => sample.bound), isBound: true },
        ],
      },
    },
    data: samples,
  };
}
