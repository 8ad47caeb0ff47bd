// Several boots of one image, on other hardware or with other services, become one trace. Pure.

import { MAX_TRACE_PIECES } from '../../src/vfield/boot-trace.ts';

/**
 * Every piece of any of the traces, ordered by the median of its places in those that have it; of equal ones the earlier in the first
 * trace that has either. So one boot that waited, or read something by chance, moves nothing. The latest are left out of more than 32,768.
 */
export function mergeTraces(traces: readonly (readonly number[])[]): number[] {
  const places = new Map<number, number[]>();
  for (const trace of traces) {
    trace.forEach((piece, place) => {
      const known = places.get(piece);
      if (known) known.push(place);
      else places.set(piece, [place]);
    });
  }
  // A map keeps the order in which its keys came, and sorting is stable.
  const medians = Array.from(places, ([piece, known]) => ({ piece, median: medianOf(known) }));
  const ordered = medians.sort((a, b) => a.median - b.median).map(({ piece }) => piece);
  return ordered.slice(0, MAX_TRACE_PIECES);
}

function medianOf(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
