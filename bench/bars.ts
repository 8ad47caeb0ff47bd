// A chart of bars as SVG: one group for each measurement, ours first, each bar as long as its part of the group's largest value. Pure.

import { escaped, PLOT_STYLE } from '../sim/report/svg.ts';

export interface BarGroup {
  readonly title: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}

const WIDTH = 720;
const NAMES_RIGHT = 210;
const BARS_RIGHT = 620;
const TOP = 44;
const BAR_STEP = 20;
const BAR_HEIGHT = 14;
const TITLE_HEIGHT = 22;
const GROUP_GAP = 14;
/** Ours in the first colour, all others in grey. */
const OURS = 0;
const OTHERS = 5;

export function formatBars(title: string, groups: readonly BarGroup[]): string {
  let y = TOP;
  const parts = groups.flatMap((group) => {
    const drawn = drawGroup(group, y);
    y += TITLE_HEIGHT + group.bars.length * BAR_STEP + GROUP_GAP;
    return drawn;
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${escaped(title)}">`,
    `<style>${PLOT_STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${y}"/>`,
    `<text class="title" x="20" y="24">${escaped(title)}</text>`,
    ...parts,
    '</svg>',
  ].join('\n')}\n`;
}

function drawGroup({ title, bars }: BarGroup, top: number): string[] {
  const largest = Math.max(...bars.map(({ value }) => value));
  const heading = `<text x="20" y="${top + 14}" style="font-weight:600">${escaped(title)}</text>`;
  return [heading, ...bars.flatMap((bar, at) => drawBar(bar, at, largest, top + TITLE_HEIGHT + at * BAR_STEP))];
}

function drawBar({ name, value }: BarGroup['bars'][number], at: number, largest: number, y: number): string[] {
  const length = Math.round(((BARS_RIGHT - NAMES_RIGHT) * value) / largest);
  return [
    `<text x="${NAMES_RIGHT - 8}" y="${y + 12}" text-anchor="end">${escaped(name)}</text>`,
    `<rect class="dot c${at === 0 ? OURS : OTHERS}" x="${NAMES_RIGHT}" y="${y}" width="${length}" height="${BAR_HEIGHT}"/>`,
    `<text x="${NAMES_RIGHT + length + 6}" y="${y + 12}">${value.toLocaleString('en-US')}</text>`,
  ];
}
