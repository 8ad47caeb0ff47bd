// A line plot as SVG, in colours that read on light and dark pages alike: lines with markers, labelled axes, a legend under the title. Pure.

import { type Axis, linearAxis, logAxis } from './axis.ts';
import { escaped, PLOT_STYLE } from './svg.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A bound or a goal, drawn dashed and without markers. */
  readonly isBound?: boolean;
}

export interface Plot {
  readonly title: string;
  readonly x: { readonly title: string; readonly isLog?: boolean };
  readonly y: { readonly title: string; readonly isLog?: boolean };
  readonly series: readonly Series[];
}

const WIDTH = 720;
const HEIGHT = 400;
const AREA = { left: 70, right: 700, top: 70, bottom: 350 };
const LEGEND_Y = 50;
const LEGEND_STEP = 28;
const LETTER_WIDTH = 6.6;
/** More points than this are drawn without markers. */
const MAX_MARKERS = 40;

export function formatPlot(plot: Plot): string {
  const points = plot.series.flatMap((series) => series.points);
  const x = axisOf(
    plot.x.isLog,
    points.map(([value]) => value),
    AREA.left,
    AREA.right,
  );
  const y = axisOf(
    plot.y.isLog,
    points.map(([, value]) => value),
    AREA.bottom,
    AREA.top,
  );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(plot.title)}">`,
    `<style>${PLOT_STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="title" x="${AREA.left}" y="24">${escaped(plot.title)}</text>`,
    ...gridOf(x, y),
    ...titlesOf(plot),
    ...plot.series.flatMap((series, number) => lineOf(series, number, x, y)),
    ...legendOf(plot.series),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function axisOf(isLog: boolean | undefined, values: readonly number[], from: number, to: number): Axis {
  return isLog ? logAxis(values, from, to) : linearAxis(values, from, to);
}

function gridOf(x: Axis, y: Axis): string[] {
  const { left, right, top, bottom } = AREA;
  const across = y.ticks.flatMap(({ at, text }) => [
    `<line class="grid" x1="${left}" x2="${right}" y1="${round(at)}" y2="${round(at)}"/>`,
    `<text x="${left - 8}" y="${round(at + 4)}" text-anchor="end">${text}</text>`,
  ]);
  const upright = x.ticks.flatMap(({ at, text }) => [
    `<line class="grid" x1="${round(at)}" x2="${round(at)}" y1="${top}" y2="${bottom}"/>`,
    `<text x="${round(at)}" y="${bottom + 18}" text-anchor="middle">${text}</text>`,
  ]);
  const frame = `<path class="axis line" style="stroke-width:1" d="M${left} ${top}V${bottom}H${right}"/>`;
  return [...across, ...upright, frame];
}

function titlesOf({ x, y }: Plot): string[] {
  const middle = (AREA.top + AREA.bottom) / 2;
  return [
    `<text x="${(AREA.left + AREA.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(x.title)}</text>`,
    `<text transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">${escaped(y.title)}</text>`,
  ];
}

function lineOf({ points, isBound }: Series, number: number, x: Axis, y: Axis): string[] {
  const places = points.map(([a, b]) => [round(x.place(a)), round(y.place(b))] as const);
  const path = `<polyline class="line c${number}${isBound ? ' bound' : ''}" points="${places.map((place) => place.join(',')).join(' ')}"/>`;
  if (isBound || points.length > MAX_MARKERS) return [path];
  return [path, ...places.map(([a, b]) => `<circle class="dot c${number}" cx="${a}" cy="${b}" r="3.5"/>`)];
}

function legendOf(series: readonly Series[]): string[] {
  let left = AREA.left;
  return series.flatMap(({ name, isBound }, number) => {
    const start = left;
    left += LEGEND_STEP + name.length * LETTER_WIDTH + 14;
    return [
      `<line class="line c${number}${isBound ? ' bound' : ''}" x1="${start}" x2="${start + 22}" y1="${LEGEND_Y - 4}" y2="${LEGEND_Y - 4}"/>`,
      `<text x="${start + LEGEND_STEP}" y="${LEGEND_Y}">${escaped(name)}</text>`,
    ];
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
