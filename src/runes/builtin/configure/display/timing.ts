// The timing of a screen mode, as a monitor expects it: VESA's and CEA's own figures for the sizes that people have (DMT 1.13, CEA-861), else computed by
// VESA's Coordinated Video Timings 1.1, with reduced blanking where a cable would not carry the full one. Pure.

import { ViverError } from '../../../../errors.ts';

export interface Timing {
  readonly width: number;
  readonly height: number;
  readonly refreshHz: number;
  readonly clockKhz: number;
  /** Start and end of the synchronising pulse, and the whole line. */
  readonly horizontal: readonly [start: number, end: number, total: number];
  readonly vertical: readonly [start: number, end: number, total: number];
  readonly hsyncPositive: boolean;
  readonly vsyncPositive: boolean;
}

/** What one link of DVI carries, and any VGA cable. */
const MAX_FULL_CLOCK_KHZ = 165_000;
/** What an EDID can say: 12 bits of pixels and lines, 16 bits of 10 kHz. */
const MAX_SIDE = 4095;
const MAX_CLOCK_KHZ = 655_350;
const MIN_SIDE = 320;

/** clock in kHz, line, lines, polarities. */
type Row = readonly [
  clockKhz: number,
  line: Timing['horizontal'],
  lines: Timing['vertical'],
  signs: '++' | '-+' | '--',
];
const STANDARD: Readonly<Record<string, Row>> = {
  '640x480': [25_175, [656, 752, 800], [490, 492, 525], '--'],
  '800x600': [40_000, [840, 968, 1056], [601, 605, 628], '++'],
  '1024x768': [65_000, [1048, 1184, 1344], [771, 777, 806], '--'],
  '1280x720': [74_250, [1390, 1430, 1650], [725, 730, 750], '++'],
  '1280x1024': [108_000, [1328, 1440, 1688], [1025, 1028, 1066], '++'],
  '1366x768': [85_500, [1436, 1579, 1792], [771, 774, 798], '++'],
  '1600x1200': [162_000, [1664, 1856, 2160], [1201, 1204, 1250], '++'],
  '1920x1080': [148_500, [2008, 2052, 2200], [1084, 1089, 1125], '++'],
};

/** `1280x1024` or `1024x768@75`. @throws ViverError RUNES_BAD_MODE */
export function timingOf(mode: string): Timing {
  const [, size = '', w, h, rate = '60'] = /^((\d{3,4})x(\d{3,4}))(?:@(\d{2,3}))?$/.exec(mode) ?? [];
  const [width, height, refreshHz] = [Number(w), Number(h), Number(rate)];
  const row = refreshHz === 60 && Object.hasOwn(STANDARD, size) ? STANDARD[size] : undefined;
  if (row) return standardTiming(width, height, row);
  const isPossible = width % 8 === 0 && width >= MIN_SIDE && height >= 200 && refreshHz >= 50 && refreshHz <= 120;
  if (!isPossible || width > MAX_SIDE || height > MAX_SIDE) throw bad(mode);
  const full = fullTiming(width, height, refreshHz);
  const timing = full.clockKhz > MAX_FULL_CLOCK_KHZ ? reducedTiming(width, height, refreshHz) : full;
  if (timing.clockKhz > MAX_CLOCK_KHZ || timing.horizontal[2] > MAX_SIDE || timing.vertical[2] > MAX_SIDE)
    throw bad(mode);
  return timing;
}

function bad(mode: string): ViverError {
  return new ViverError('RUNES_BAD_MODE', `'${mode}' is no screen mode such as 1280x1024 or 1024x768@75`);
}

function standardTiming(width: number, height: number, [clockKhz, horizontal, vertical, signs]: Row): Timing {
  const [hsyncPositive, vsyncPositive] = [signs.startsWith('+'), signs.endsWith('+')];
  return { width, height, refreshHz: 60, clockKhz, horizontal, vertical, hsyncPositive, vsyncPositive };
}

/** The width of the vertical pulse says the shape of the picture. */
function vsyncLines(width: number, height: number): number {
  const shapes = [
    [4 / 3, 4],
    [16 / 9, 5],
    [16 / 10, 6],
    [5 / 4, 7],
    [15 / 9, 7],
  ] as const;
  return shapes.find(([shape]) => Math.abs(width / height - shape) < 0.004)?.[1] ?? 10;
}

const FRONT_PORCH_LINES = 3;
const MIN_BACK_PORCH_LINES = 6;
const CLOCK_STEP_KHZ = 250;

function fullTiming(width: number, height: number, refreshHz: number): Timing {
  const vsync = vsyncLines(width, height);
  const lineMicroseconds = (1e6 / refreshHz - 550) / (height + FRONT_PORCH_LINES);
  const syncAndBack = Math.max(Math.floor(550 / lineMicroseconds) + 1, vsync + MIN_BACK_PORCH_LINES);
  const dutyPercent = Math.max(30 - 0.3 * lineMicroseconds, 20);
  const blank = Math.floor((width * dutyPercent) / (100 - dutyPercent) / 16) * 16;
  const total = width + blank;
  const pulse = Math.floor((0.08 * total) / 8) * 8;
  const end = width + blank / 2;
  const start = height + FRONT_PORCH_LINES;
  return {
    ...{ width, height, refreshHz, hsyncPositive: false, vsyncPositive: true },
    clockKhz: Math.floor((total / lineMicroseconds) * (1000 / CLOCK_STEP_KHZ)) * CLOCK_STEP_KHZ,
    horizontal: [end - pulse, end, total],
    vertical: [start, start + vsync, start + syncAndBack],
  };
}

function reducedTiming(width: number, height: number, refreshHz: number): Timing {
  const vsync = vsyncLines(width, height);
  const lineMicroseconds = (1e6 / refreshHz - 460) / height;
  const blankLines = Math.max(Math.floor(460 / lineMicroseconds) + 1, FRONT_PORCH_LINES + vsync + MIN_BACK_PORCH_LINES);
  const [total, lines] = [width + 160, height + blankLines];
  const start = height + FRONT_PORCH_LINES;
  return {
    ...{ width, height, refreshHz, hsyncPositive: true, vsyncPositive: false },
    clockKhz: Math.floor((refreshHz * total * lines) / 1000 / CLOCK_STEP_KHZ) * CLOCK_STEP_KHZ,
    horizontal: [width + 48, width + 80, total],
    vertical: [start, start + vsync, lines],
  };
}
