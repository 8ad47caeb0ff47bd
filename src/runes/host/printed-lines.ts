// What a foreign rune's process prints, as lines for its log. The last of it is held back for a moment: if the process ends then, it is why.

import type { Readable } from 'node:stream';

const HOLD_MS = 1000;
/** Of text that waits for its line's end, or is held back; what comes first counts. */
export const MAX_PRINTED_CHARACTERS = 16 * 1024;

export class PrintedLines {
  readonly #onLine: (line: string) => void;
  #held = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Readable, onLine: (line: string) => void) {
    this.#onLine = onLine;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#hold(text));
  }

  /** What was printed and not yet handed over; it will not be. */
  takeLast(): string {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const last = this.#held;
    this.#held = '';
    return last;
  }

  #hold(text: string): void {
    this.#held += text.slice(0, Math.max(0, MAX_PRINTED_CHARACTERS - this.#held.length));
    this.#timer ??= setTimeout(() => this.flush(), HOLD_MS);
  }

  /** Hands over what is held back. */
  flush(): void {
    for (const line of this.takeLast().split('\n')) if (line.trim() !== '') this.#onLine(line);
  }
}
