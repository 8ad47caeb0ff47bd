// Rooms of up to 10,000 machines in one process. So that they fit, the image is small and its pieces are too; the links are slower by as much, so that an
// image still takes most of a second to cross one of them.

import type { Report } from '../report/report.ts';
import { makeBootImage } from './boot-image.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';
import { measureStorm, type StormFigures } from './storm.ts';

const NODES = [1, 10, 100, 1_000];
const IMAGE_MEBIBYTES = 0.5;
const PIECE_BYTES = 16_384;
const SHARE = 0.4;
const CONNECTIONS = 32;
const BITS_PER_SECOND = 50e6;

export const largeScenario: Scenario = {
  name: 'large',
  help: 'rooms of 1,000 and 10,000 machines that boot a small image at once over slow links, each with few connections',
  run: async (options) => {
    const { seed, trace, nodes = NODES, imageMebibytes: mebibytes = IMAGE_MEBIBYTES, progress } = options;
    const boot = await makeBootImage({ mebibytes, seed, trace, pieceBytes: PIECE_BYTES });
    const network = { bytesPerSecond: BITS_PER_SECOND / 8 };
    const figures: StormFigures[] = [];
    for (const count of nodes) {
      const share = options.share ?? SHARE;
      figures.push(await measureStorm(boot, count, { seed, share, connections: CONNECTIONS, network }));
      const { lastMs, egress, egressPieces, events, wallMs } = figures.at(-1)!;
      progress(
        `${count}: ${Math.round(lastMs)} ms, ${egress.toFixed(2)} images (${egressPieces.toFixed(2)} in pieces), ${events} events in ${Math.round(wallMs)} ms`,
      );
    }
    return reportOf(figures, mebibytes, options);
  },
};

function reportOf(figures: readonly StormFigures[], mebibytes: number, options: ScenarioOptions): Report {
  const line = (name: string, value: (figure: StormFigures) => number) => ({
    name,
    points: figures.map((figure) => [figure.nodes, value(figure)] as const),
  });
  const share = Math.round((options.share ?? SHARE) * 100);
  return {
    name: 'large',
    conditions: `Seed ${options.seed}. An image of ${mebibytes} MiB in pieces of ${PIECE_BYTES / 1024} KiB, links of ${BITS_PER_SECOND / 1e6} Mbit/s, ${CONNECTIONS} connections and RAM for ${share} % of the image on each node; all switched on at once.`,
    tables: [
      {
        title: 'Large rooms',
        columns: [
          { title: 'N' },
          { title: 'last node, s', digits: 2 },
          { title: 'median node, s', digits: 2 },
          { title: 'NBD server, s', digits: 1 },
          { title: 'first sent, images', digits: 2 },
          { title: 'of these pieces', digits: 2 },
          { title: 'largest by median sent', digits: 2 },
          { title: 'events, millions', digits: 1 },
          { title: 'real time, s', digits: 0 },
        ],
        rows: figures.map((figure) => [
          figure.nodes,
          figure.lastMs / 1000,
          figure.medianMs / 1000,
          figure.nbdMs / 1000,
          figure.egress,
          figure.egressPieces,
          figure.unevenness,
          figure.events / 1e6,
          figure.wallMs / 1000,
        ]),
      },
    ],
    plots: {
      'field-large-time': {
        title: 'Time until all have booted, large rooms',
        x: { title: 'machines switched on together', isLog: true },
        y: { title: 'seconds', isLog: true },
        series: [line('V-FIELD', ({ lastMs }) => lastMs / 1000), line('one NBD server', ({ nbdMs }) => nbdMs / 1000)],
      },
    },
    data: figures,
  };
}
