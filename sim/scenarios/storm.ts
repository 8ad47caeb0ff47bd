// How long until all N machines that are switched on together have booted, and what the first had to send: the field beside one NBD and one HTTP server.

import { gini, median } from '../report/figures.ts';
import type { Report } from '../report/report.ts';
import type { Table } from '../report/table.ts';
import { HTTP_SERVER, NBD_SERVER } from '../storm/server-costs.ts';
import { runServerStorm } from '../storm/server-twin.ts';
import { runStorm, type StormOptions, type StormResult } from '../storm/storm.ts';
import { type BootImage, makeBootImage } from './boot-image.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';

const NODES = [1, 2, 4, 8, 16, 32, 64];
const IMAGE_MEBIBYTES = 64;
const SHARE = 0.25;
/** One way through a switch. */
export const LATENCY_MS = [0.1, 0.15] as const;
/** What one of our processes needs for a received byte, hashing included: 600 MiB/s. */
export const CPU_NS_PER_BYTE = 1.6;

/** All figures of one number of nodes. */
export interface StormFigures {
  readonly nodes: number;
  readonly lastMs: number;
  readonly medianMs: number;
  readonly nbdMs: number;
  readonly httpMs: number;
  /** In multiples of the image: at the last boot, and when all was placed. */
  readonly egressAtBoot: number;
  readonly egress: number;
  /** Of these, blocks of pieces; the rest is talk. */
  readonly egressPieces: number;
  readonly nbdEgress: number;
  readonly settledMs: number;
  readonly copies: number;
  /** Bytes sent by the busiest node by those of the median one, and Gini's coefficient. */
  readonly unevenness: number;
  readonly gini: number;
  /** Pieces that the first was asked for again, by a reader and in the background, and how many of them another node had announced. */
  readonly again: { readonly urgent: number; readonly background: number; readonly heldElsewhere: number };
  readonly wrongReads: number;
  readonly events: number;
  readonly wallMs: number;
}

export const stormScenario: Scenario = {
  name: 'storm',
  help: 'N machines boot at once, or each STAGGER ms later: time, egress of the first, evenness; beside one NBD and one HTTP server',
  run: async (options) => {
    const boot = await makeBootImage({
      mebibytes: options.imageMebibytes ?? IMAGE_MEBIBYTES,
      seed: options.seed,
      trace: options.trace,
    });
    const figures: StormFigures[] = [];
    for (const nodes of options.nodes ?? NODES) {
      figures.push(await measureStorm(boot, nodes, stormOf(options)));
      const { lastMs, egress, wallMs } = figures.at(-1)!;
      options.progress(
        `${nodes} nodes: ${Math.round(lastMs)} ms, ${egress.toFixed(2)} images, ran ${Math.round(wallMs)} ms`,
      );
    }
    return reportOf(boot, figures, options);
  },
};

export async function measureStorm(
  boot: BootImage,
  nodes: number,
  options: Pick<StormOptions, 'seed'> & Partial<StormOptions>,
): Promise<StormFigures> {
  const network = { latencyMs: LATENCY_MS, cpuNsPerByte: CPU_NS_PER_BYTE, ...options.network };
  const storm: StormOptions = { ...boot, ...options, nodes, share: options.share ?? SHARE, network };
  const startedAt = performance.now();
  const field = await runStorm(storm);
  const wallMs = performance.now() - startedAt;
  const nbd = await runServerStorm(storm, NBD_SERVER);
  const http = await runServerStorm(storm, HTTP_SERVER);
  return { ...figuresOf(field, boot.image.bytes.length), ...twinsOf(nbd, http, boot.image.bytes.length), wallMs };
}

function stormOf({ seed, staggerMs, share }: ScenarioOptions): Parameters<typeof measureStorm>[2] {
  return { seed, staggerMs, ...(share === undefined ? {} : { share }) };
}

function figuresOf(
  field: StormResult,
  imageBytes: number,
): Omit<StormFigures, 'nbdMs' | 'httpMs' | 'nbdEgress' | 'wallMs'> {
  return {
    nodes: field.nodes,
    lastMs: Math.max(...field.bootMs),
    medianMs: median(field.bootMs),
    egressAtBoot: field.firstSentAtBootBytes / imageBytes,
    egress: field.firstSentBytes / imageBytes,
    egressPieces: field.tap.sent.values().reduce((sum, bytes) => sum + bytes, 0) / imageBytes,
    settledMs: field.settledMs,
    copies: field.copies.min,
    unevenness: Math.max(...field.sentBytes) / Math.max(1, median(field.sentBytes)),
    gini: gini(field.sentBytes),
    again: askedAgain(field),
    wrongReads: field.wrongReads,
    events: field.events,
  };
}

function twinsOf(
  nbd: { bootMs: readonly number[]; sentBytes: number },
  http: { bootMs: readonly number[] },
  imageBytes: number,
): Pick<StormFigures, 'nbdMs' | 'httpMs' | 'nbdEgress'> {
  return { nbdMs: Math.max(...nbd.bootMs), httpMs: Math.max(...http.bootMs), nbdEgress: nbd.sentBytes / imageBytes };
}

function askedAgain({ tap }: StormResult): StormFigures['again'] {
  const pieces = Map.groupBy(
    tap.asked.filter(({ begin }) => begin === 0),
    ({ piece }) => piece,
  );
  const again = [...pieces.values()].flatMap((asked) => asked.slice(1));
  const urgent = again.filter((asked) => asked.urgent).length;
  const heldElsewhere = again.filter((asked) => asked.heldElsewhere).length;
  return { urgent, background: again.length - urgent, heldElsewhere };
}

function reportOf(boot: BootImage, figures: readonly StormFigures[], options: ScenarioOptions): Report {
  const { image, readPart, piecePart } = boot;
  const mebibytes = image.bytes.length / 2 ** 20;
  const share = options.share ?? SHARE;
  const start = options.staggerMs > 0 ? `switched on ${options.staggerMs} ms after each other` : 'switched on at once';
  const conditions = [
    `Seed ${options.seed}. An image of ${mebibytes.toFixed(0)} MiB in pieces of ${image.metainfo.pieceBytes / 1024} KiB`,
    `a boot reads ${percent(readPart)} of it, which touches ${percent(piecePart)} of its pieces; ${options.trace ? 'with' : 'without'} a boot trace`,
    `links of 1 Gbit/s, ${LATENCY_MS.join(' to ')} ms one way; each node gives RAM for ${percent(share)} of the image; ${start}.`,
  ].join('; ');
  return { name: 'storm', conditions, tables: tablesOf(figures), plots: plotsOf(figures), data: figures };
}

const percent = (part: number): string => `${Math.round(part * 100)} %`;

function tablesOf(figures: readonly StormFigures[]): Table[] {
  const single = figures.find(({ nodes }) => nodes === 1);
  return [
    {
      title: 'Time until the last of N has booted, in seconds',
      columns: [
        { title: 'N' },
        { title: 'field', digits: 2 },
        { title: 'by N = 1', digits: 2 },
        { title: 'median node', digits: 2 },
        { title: 'NBD server', digits: 2 },
        { title: 'HTTP server', digits: 2 },
        { title: 'field by the best server', digits: 2 },
      ],
      rows: figures.map(({ nodes, lastMs, medianMs, nbdMs, httpMs }) => [
        nodes,
        lastMs / 1000,
        single && lastMs / single.lastMs,
        medianMs / 1000,
        nbdMs / 1000,
        httpMs / 1000,
        lastMs / Math.min(nbdMs, httpMs),
      ]),
    },
    {
      title: 'What the first node sent, in images, and why; how even the load of the others was',
      columns: [
        { title: 'N' },
        { title: 'sent at the last boot', digits: 2 },
        { title: 'sent in all', digits: 2 },
        { title: 'an NBD server', digits: 2 },
        { title: 'pieces asked again: readers' },
        { title: 'background' },
        { title: 'of these held elsewhere' },
        { title: 'largest by median sent', digits: 2 },
        { title: 'Gini', digits: 2 },
        { title: 'placed after s', digits: 1 },
        { title: 'copies, least' },
      ],
      rows: figures.map((figure) => [
        figure.nodes,
        figure.egressAtBoot,
        figure.egress,
        figure.nbdEgress,
        figure.again.urgent,
        figure.again.background,
        figure.again.heldElsewhere,
        figure.unevenness,
        figure.gini,
        figure.settledMs / 1000,
        figure.copies,
      ]),
    },
  ];
}

function plotsOf(figures: readonly StormFigures[]): Report['plots'] {
  const line = (name: string, value: (figure: StormFigures) => number) => ({
    name,
    points: figures.map((figure) => [figure.nodes, value(figure)] as const),
  });
  const bound = (name: string, value: number) => ({ ...line(name, () => value), isBound: true });
  const x = { title: 'machines switched on together', isLog: true };
  const single = figures.find(({ nodes }) => nodes === 1)?.lastMs ?? 0;
  return {
    'field-storm-time': {
      title: 'Time until all have booted',
      x,
      y: { title: 'seconds', isLog: true },
      series: [
        line('V-FIELD', ({ lastMs }) => lastMs / 1000),
        line('one NBD server', ({ nbdMs }) => nbdMs / 1000),
        line('one HTTP server', ({ httpMs }) => httpMs / 1000),
        bound('goal: 1.3 times one machine', (1.3 * single) / 1000),
      ],
    },
    'field-storm-egress': {
      title: 'Sent by the first node',
      x,
      y: { title: 'images', isLog: true },
      series: [
        line('V-FIELD', ({ egress }) => egress),
        line('one NBD server', ({ nbdEgress }) => nbdEgress),
        bound('goal: 1.3 images', 1.3),
      ],
    },
    'field-storm-evenness': {
      title: 'Load of the nodes: the busiest by the median one',
      x,
      y: { title: 'bytes sent, largest by median' },
      series: [line('V-FIELD', ({ unevenness }) => unevenness)],
    },
  };
}
