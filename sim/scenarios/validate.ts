// Real processes beside the simulator: the same room, the same reads, the same rate of the links. Needs root, for network namespaces.

import { makeImage } from '../image.ts';
import { median } from '../report/figures.ts';
import { runRealStorm } from '../validate/real-storm.ts';
import { runSimulatedStorm, type ValidationResult } from '../validate/validation.ts';
import type { Scenario } from './scenario.ts';

const NODES = [1, 2, 4];
const RUNS = 5;
const IMAGE_MEBIBYTES = 16;
const PIECES_PER_MEBIBYTE = 8;
const BITS_PER_SECOND = 50e6;
const SHARE_PART = 0.5;

export const validateScenario: Scenario = {
  name: 'validate',
  help: 'the same small storm with real processes in network namespaces (root) and in the simulator',
  run: async ({ nodes = NODES, runs = RUNS, seed, imageMebibytes = IMAGE_MEBIBYTES, share = SHARE_PART, progress }) => {
    const image = await makeImage(imageMebibytes * PIECES_PER_MEBIBYTE, seed);
    const figures = [];
    for (const count of nodes) {
      const options = {
        image,
        nodes: count,
        shareMebibytes: Math.ceil(share * imageMebibytes),
        bitsPerSecond: BITS_PER_SECOND,
      };
      const [real, simulated]: ValidationResult[][] = [[], []];
      for (let run = 0; run < runs; run++) {
        real!.push(await runRealStorm(options));
        simulated!.push(await runSimulatedStorm({ ...options, seed: seed + run }));
      }
      const figure = {
        nodes: count,
        real: summary(real!, image.bytes.length),
        simulated: summary(simulated!, image.bytes.length),
      };
      figures.push(figure);
      progress(JSON.stringify(figure));
    }
    return {
      name: 'validate',
      conditions: `Medians of ${runs} runs: an image of ${imageMebibytes} MiB, links of ${BITS_PER_SECOND / 1e6} Mbit/s, each node gives RAM for ${share * 100} % of it and reads all of it, at the same moment.`,
      tables: [
        {
          title: 'Real processes and the simulator',
          columns: [
            { title: 'N' },
            { title: 'last node, real, s', digits: 2 },
            { title: 'simulated, s', digits: 2 },
            { title: 'simulated by real', digits: 2 },
            { title: 'first sent, real, images', digits: 2 },
            { title: 'simulated, images', digits: 2 },
            { title: 'simulated by real', digits: 2 },
          ],
          rows: figures.map(({ nodes: count, real, simulated }) => [
            count,
            real.lastMs / 1000,
            simulated.lastMs / 1000,
            simulated.lastMs / real.lastMs,
            real.egress,
            simulated.egress,
            simulated.egress / real.egress,
          ]),
        },
      ],
      plots: {},
      data: figures,
    };
  },
};

function summary(results: readonly ValidationResult[], imageBytes: number): { lastMs: number; egress: number } {
  return {
    lastMs: median(results.map(({ readMs }) => Math.max(...readMs))),
    egress: median(results.map(({ firstSentBytes }) => firstSentBytes / imageBytes)),
  };
}
