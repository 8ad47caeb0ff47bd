// One axis of a plot: where a value lies, and which values are written beside it. Pure.

export interface Tick {
  readonly at: number;
  readonly text: string;
}

export interface Axis {
  readonly ticks: readonly Tick[];
  place(value: number): number;
}

const WANTED_TICKS = 6;

/** From 0 to a round number beyond the largest value. */
export function linearAxis(values: readonly number[], from: number, to: number): Axis {
  const largest = Math.max(...values, Number.MIN_VALUE);
  const step = roundStep(largest / WANTED_TICKS);
  const end = Math.ceil(largest / step - 1e-9) * step;
  const place = (value: number): number => from + ((to - from) * value) / end;
  const ticks: Tick[] = [];
  for (let count = 0; count * step <= end * 1.0001; count++) {
    ticks.push({ at: place(count * step), text: shortText(count * step) });
  }
  return { place, ticks };
}

/** Powers of two when the values span less than three powers of ten, else powers of ten. */
export function logAxis(values: readonly number[], from: number, to: number): Axis {
  const positive = values.filter((value) => value > 0);
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  const base = most / least < 1000 ? 2 : 10;
  const first = Math.floor(Math.log(least) / Math.log(base) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log(most) / Math.log(base) - 1e-9));
  const place = (value: number): number =>
    from + ((to - from) * (Math.log(value) / Math.log(base) - first)) / (last - first);
  const ticks: Tick[] = [];
  for (let power = first; power <= last; power++)
    ticks.push({ at: place(base ** power), text: shortText(base ** power) });
  return { place, ticks };
}

/** 1, 2 or 5 times a power of ten, the next one not below `step`. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= step * 0.999)!;
}

function shortText(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
