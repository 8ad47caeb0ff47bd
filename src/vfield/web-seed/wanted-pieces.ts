// The requests to a web seed that wait for an answer, by piece, and which pieces to fetch next in one go. Pure bookkeeping.

import type { BlockRange } from '../peer/messages.ts';

interface Wanted {
  readonly ranges: BlockRange[];
  urgent: boolean;
  underWay: boolean;
}

/** Neighbouring pieces that are fetched together. */
export interface PieceRun {
  readonly piece: number;
  readonly count: number;
  readonly urgent: boolean;
}

export class WantedPieces {
  readonly #wanted = new Map<number, Wanted>();
  readonly #longestRun: number;

  /** @param longestRun Pieces fetched together at most. */
  constructor(longestRun: number) {
    this.#longestRun = longestRun;
  }

  add(range: BlockRange, urgent: boolean): void {
    const wanted = this.#wanted.get(range.piece) ?? { ranges: [], urgent, underWay: false };
    wanted.urgent ||= urgent;
    if (!wanted.ranges.some((other) => isSame(range, other))) wanted.ranges.push(range);
    this.#wanted.set(range.piece, wanted);
  }

  /** What is under way goes on: its connection would be lost. */
  cancel(range: BlockRange): void {
    const wanted = this.#wanted.get(range.piece);
    const at = wanted?.ranges.findIndex((other) => isSame(range, other)) ?? -1;
    if (!wanted || at < 0) return;
    wanted.ranges.splice(at, 1);
    if (wanted.ranges.length === 0 && !wanted.underWay) this.#wanted.delete(range.piece);
  }

  /** Begins the next run: what somebody waits for first. @param urgentOnly Nothing else. */
  begin(urgentOnly: boolean): PieceRun | undefined {
    const idle = [...this.#wanted].filter(([, { underWay }]) => !underWay);
    const start = idle.find(([, { urgent }]) => urgent) ?? (urgentOnly ? undefined : idle[0]);
    if (!start) return undefined;
    const [piece, { urgent }] = start;
    let count = 0;
    for (; count < this.#longestRun && this.#mayRun(piece + count, urgent); count++) {
      this.#wanted.get(piece + count)!.underWay = true;
    }
    return { piece, count, urgent };
  }

  /** The piece is there. @returns The requests that it answers. */
  take(piece: number): readonly BlockRange[] {
    const ranges = this.#wanted.get(piece)?.ranges ?? [];
    this.#wanted.delete(piece);
    return ranges;
  }

  /** A run for somebody who waits is not made longer by what nobody waits for. */
  #mayRun(piece: number, urgent: boolean): boolean {
    const wanted = this.#wanted.get(piece);
    return wanted !== undefined && !wanted.underWay && wanted.urgent === urgent;
  }
}

function isSame(a: BlockRange, b: BlockRange): boolean {
  return a.begin === b.begin && a.length === b.length;
}
