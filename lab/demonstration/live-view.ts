// What the terminal shows while the demonstration runs: the step, and one line per machine with its phases. Without a terminal each
// news is a line of its own. Owns the part of the screen that it draws.

import type { WriteStream } from 'node:tty';
import type { MachineStatus } from '../room-status.ts';

const REDRAW_MS = 500;

/** Phases worth their place on a line; the last one reached is always shown. */
const MILESTONES = new Set(['pxe', 'kernel', 'start', 'handover', 'multi-user', 'power-off']);

export class LiveView {
  readonly #output: NodeJS.WriteStream | WriteStream;
  readonly #machines: () => readonly MachineStatus[];
  readonly #activities = new Map<string, string>();
  readonly #startedMs = performance.now();
  readonly #told = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #step = '';
  #drawnLines = 0;

  /** @param machines Asked at every redraw. */
  constructor(output: NodeJS.WriteStream, machines: () => readonly MachineStatus[]) {
    this.#output = output;
    this.#machines = machines;
  }

  start(): void {
    this.#timer = setInterval(() => this.#refresh(), REDRAW_MS);
  }

  /** Draws for the last time; what was drawn stays. */
  stop(): void {
    clearInterval(this.#timer);
    this.#refresh();
    this.#drawnLines = 0;
  }

  step(title: string): void {
    this.#step = title;
    this.note(`== ${title}`);
  }

  /** What a machine is busy with beside booting; shown until the next one, empty for nothing. */
  activity(machine: string, text: string): void {
    this.#activities.set(machine, text);
    if (!this.#output.isTTY && text !== '') this.note(`   ${machine}: ${text}`);
  }

  /** A line that stays. */
  note(line: string): void {
    this.#erase();
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(1);
    this.#output.write(`${seconds.padStart(6)} s ${line}\n`);
    this.#draw();
  }

  #refresh(): void {
    if (!this.#output.isTTY) {
      this.#tellPhases();
      return;
    }
    this.#erase();
    this.#draw();
  }

  /** Without a terminal: every phase once, when it is reached. */
  #tellPhases(): void {
    for (const machine of this.#machines()) {
      const key = machine.serialLog; // another start of the same machine has another log
      const told = this.#told.get(key) ?? 0;
      for (const phase of machine.phases.slice(told)) {
        this.note(`   ${machine.name}: ${phase.name} at ${phase.seconds.toFixed(1)} s`);
      }
      this.#told.set(key, machine.phases.length);
    }
  }

  #draw(): void {
    if (!this.#output.isTTY) return;
    const width = (this.#output as WriteStream).columns || 80;
    const lines = this.#machines().map((machine) => liveLine(machine, this.#activities.get(machine.name) ?? ''));
    const all = [`── ${this.#step}`, ...lines].map((line) => line.slice(0, width - 1));
    this.#output.write(`${all.join('\n')}\n`);
    this.#drawnLines = all.length;
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#output.write(`\x1b[${this.#drawnLines}A\x1b[J`);
    this.#drawnLines = 0;
  }
}

/** A machine on one line: how long it is on, its milestones, where it stands, what it does. */
export function liveLine(machine: MachineStatus, activity: string): string {
  const last = machine.phases.at(-1);
  const shown = machine.phases.filter((phase) => MILESTONES.has(phase.name) || phase === last);
  const phases = shown.map((phase) => `${phase.name} ${phase.seconds.toFixed(0)}`).join(' · ') || 'switched on';
  const power = machine.power === 'on' ? activity : machine.power;
  return `${machine.name.padEnd(8)} ${machine.seconds.toFixed(0).padStart(4)} s  ${phases}${power ? ` · ${power}` : ''}`;
}
