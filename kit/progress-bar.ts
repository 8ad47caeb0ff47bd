// Progress of a long step on standard error: one bar that redraws itself on a terminal, a few plain lines elsewhere (logs, pipes).
// The clock and the stream are arguments; a bar owns only what it drew last.

/** What a bar is drawn on; process.stderr is one. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  /** `part` from 0 to 1; less than what was said before is ignored. */
  update(part: number, note?: string): void;
  /** Ends the line; `note` stands behind the time it took. */
  done(note?: string): void;
  /** Ends the line without saying that it succeeded. */
  abandon(): void;
}

const REDRAW_MILLISECONDS = 100;
const PLAIN_STEP = 0.25;
const WIDEST_BAR = 40;

/** Text of a bar: `Compressing  [#####-----]  50 %  note`, at most `columns` wide. */
export function formatBar(title: string, part: number, columns: number, note = ''): string {
  const percent = `${Math.floor(part * 100)
    .toString()
    .padStart(3)} %`;
  const width = Math.max(5, Math.min(WIDEST_BAR, columns - title.length - note.length - 14));
  const full = Math.round(part * width);
  const line = `${title}  [${'#'.repeat(full)}${'-'.repeat(width - full)}] ${percent}${note ? `  ${note}` : ''}`;
  return line.slice(0, Math.max(10, columns - 1));
}

/** Starts a step named `title`. */
export function startProgress(
  title: string,
  stream: ProgressStream = process.stderr,
  now: () => number = Date.now,
): Progress {
  return stream.isTTY ? terminalBar(title, stream, now) : plainLines(title, stream, now);
}

function terminalBar(title: string, stream: ProgressStream, now: () => number): Progress {
  const started = now();
  let best = 0;
  let drawnAt = -Infinity;
  const draw = (part: number, note?: string) =>
    stream.write(`\r\x1b[K${formatBar(title, part, stream.columns ?? 80, note)}`);
  draw(0);
  return {
    update(part, note) {
      best = Math.max(best, Math.min(1, part));
      if (now() - drawnAt < REDRAW_MILLISECONDS) return;
      drawnAt = now();
      draw(best, note);
    },
    done: (note) => void stream.write(`\r\x1b[K${finishedLine(title, now() - started, note)}\n`),
    abandon: () => void stream.write('\n'),
  };
}

function plainLines(title: string, stream: ProgressStream, now: () => number): Progress {
  const started = now();
  let next = PLAIN_STEP;
  stream.write(`${title} ...\n`);
  return {
    update(part) {
      if (part < next || part >= 1) return;
      stream.write(`${title} ${Math.floor(part * 100)} %\n`);
      while (next <= part) next += PLAIN_STEP;
    },
    done: (note) => void stream.write(`${finishedLine(title, now() - started, note)}\n`),
    abandon: () => {},
  };
}

function finishedLine(title: string, milliseconds: number, note = ''): string {
  return `${title}: done in ${(milliseconds / 1000).toFixed(1)} s${note ? `, ${note}` : ''}`;
}

/** `151.2 MiB` for people. */
export function formatSize(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.ceil(bytes / 1024)} KiB`;
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
