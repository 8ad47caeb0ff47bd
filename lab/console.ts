// Reads a serial line as it comes and tells the phases of a boot with their times. Push parser, pure: the caller says what time it is.
// The patterns are in console-marks.ts. Owns the line begun and the phases seen since power-on or the last reset.

import { CONSOLE_MARKS, FAILURE_PATTERNS, KERNEL_TIME, VIVER_PHASE } from './console-marks.ts';

/** A line longer than this is cut: noise on a serial line must not fill the memory. */
const MAX_LINE_CHARACTERS = 4096;

/** CSI and OSC sequences and two-character escapes (ECMA-48), and control characters except tab and line ends. */
const CONTROL_SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is searched for
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

export interface Phase {
  readonly name: string;
  /** Since power-on, by the host's clock. */
  readonly seconds: number;
  /** Since the kernel started, by the guest's clock, when the line had it. */
  readonly kernelSeconds?: number;
  readonly text?: string;
}

export class ConsoleReader {
  readonly #poweredOnMs: number;
  readonly #decoder = new TextDecoder();
  #line = '';
  #phases: Phase[] = [];
  #failure: string | undefined;
  #resets = 0;
  readonly #recent: string[] = [];

  /** @param nowMs The clock at power-on, in milliseconds; any origin. */
  constructor(nowMs: number) {
    this.#poweredOnMs = nowMs;
  }

  /** Phases of the boot that goes on, in the order in which they were seen. */
  get phases(): readonly Phase[] {
    return this.#phases;
  }

  get lastPhase(): Phase | undefined {
    return this.#phases.at(-1);
  }

  /** The line that says why the boot failed. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** How often the machine was reset after a kernel had started. */
  get resets(): number {
    return this.#resets;
  }

  /** The last lines, for a person who asks why it stands still. */
  get recentLines(): readonly string[] {
    return this.#line.trim() === '' ? this.#recent : [...this.#recent, stripControls(this.#line)];
  }

  has(phase: string): boolean {
    return this.#phases.some((seen) => seen.name === phase);
  }

  /** Takes what came over the line; returns the phases that begin with it. */
  push(chunk: Uint8Array, nowMs: number): Phase[] {
    const before = this.#phases.length;
    const lines = (this.#line + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#line = (lines.pop() ?? '').slice(-MAX_LINE_CHARACTERS);
    for (const line of lines) this.#takeLine(stripControls(line), nowMs);
    this.#match(stripControls(this.#line), nowMs, true);
    return this.#phases.slice(before);
  }

  /**
   * Adds a phase that the line did not show: a login on it throws away what was still to be printed.
   * @param kernelSeconds Since the kernel's start, as the guest says.
   */
  addFromGuest(name: string, kernelSeconds: number): void {
    const kernel = this.#phases.find((phase) => phase.name === 'kernel');
    if (this.has(name) || !kernel) return;
    const seconds = Math.round((kernel.seconds + kernelSeconds) * 1000) / 1000;
    this.#phases.push({ name, seconds, kernelSeconds });
  }

  /** The machine was reset. Firmware resets itself as it likes; only a kernel's end makes a new boot. */
  reset(): void {
    if (!this.has('kernel')) return;
    this.#resets++;
    this.#phases = [];
  }

  #takeLine(line: string, nowMs: number): void {
    if (line.trim() === '') return;
    this.#recent.push(line);
    if (this.#recent.length > 60) this.#recent.shift();
    this.#failure ??= FAILURE_PATTERNS.some((pattern) => pattern.test(line)) ? line : undefined;
    this.#match(line, nowMs, false);
  }

  #match(line: string, nowMs: number, partial: boolean): void {
    const viver = partial ? null : VIVER_PHASE.exec(line);
    if (viver) this.#begin(viver[1]!, line, nowMs, viver[2]);
    for (const mark of CONSOLE_MARKS) {
      if ((!partial || mark.partial) && mark.pattern.test(line)) this.#begin(mark.phase, line, nowMs);
    }
  }

  #begin(name: string, line: string, nowMs: number, text?: string): void {
    if (this.has(name)) return;
    const kernelTime = KERNEL_TIME.exec(line)?.[1];
    this.#phases.push({
      name,
      seconds: Math.round(nowMs - this.#poweredOnMs) / 1000,
      ...(kernelTime === undefined ? {} : { kernelSeconds: Number(kernelTime) }),
      ...(text ? { text } : {}),
    });
  }
}

/** A line as a person would read it: no colours, no cursor moves; of a line rewritten by carriage returns the last state. */
export function stripControls(line: string): string {
  const text = line.replace(CONTROL_SEQUENCES, '').replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1);
}
