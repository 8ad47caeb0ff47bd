// One QEMU process and what hangs on it: serial line, monitor, guest agent, network port. It ends when this process ends, however that
// happens: setpriv(1) asks the kernel to kill it when its parent dies. Owns the process and the reader of its console.

import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';
import { ViverError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import { ConsoleReader } from './console.ts';
import { GuestAgent } from './guest-agent.ts';
import { MACHINE_DESCRIPTORS, type MachineDescription, type MachineFiles, qemuArguments } from './machine.ts';
import { QmpClient } from './qmp.ts';

const QEMU = 'qemu-system-x86_64';

/** Serial output kept for somebody who looks at the console later. */
const REPLAY_BYTES = 128 * 1024;

export interface MachineExit {
  /** Seconds since power-on. */
  readonly seconds: number;
  /** Why it ended: the guest powered off, its power was cut, or QEMU failed with this message. */
  readonly cause: 'guest' | 'cut' | 'failed';
  readonly message?: string;
}

interface MachineEvents {
  serial: [chunk: Uint8Array];
  phase: [];
  exit: [exit: MachineExit];
}

export class RunningMachine extends EventEmitter<MachineEvents> {
  readonly description: MachineDescription;
  readonly serialLog: string;
  readonly console: ConsoleReader;
  readonly monitor: QmpClient;
  readonly agent: GuestAgent;
  /** The stream that goes into the room's switch. */
  readonly network: Duplex;
  readonly #child: ChildProcess;
  readonly #startedMs = performance.now();
  readonly #log: Log;
  #replay: Uint8Array[] = [];
  #replayBytes = 0;
  #stderr = '';
  #cut = false;
  #exit: MachineExit | undefined;

  constructor(description: MachineDescription, files: MachineFiles, log: Log) {
    super();
    this.description = description;
    this.serialLog = files.serialLog;
    this.#log = log;
    this.console = new ConsoleReader(this.#startedMs);
    this.#child = spawnQemu(qemuArguments(description, files));
    const stream = (descriptor: number) => this.#child.stdio[descriptor] as Duplex;
    this.network = stream(MACHINE_DESCRIPTORS.network);
    this.agent = new GuestAgent(description.name, stream(MACHINE_DESCRIPTORS.agent));
    this.monitor = new QmpClient(stream(MACHINE_DESCRIPTORS.monitor));
    this.#watch();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get exit(): MachineExit | undefined {
    return this.#exit;
  }

  /** Seconds since power-on, or until it ended. */
  get seconds(): number {
    return this.#exit?.seconds ?? (performance.now() - this.#startedMs) / 1000;
  }

  /** The last part of what came over the serial line. */
  get recentSerial(): Uint8Array {
    return Buffer.concat(this.#replay);
  }

  /** Types on the serial line. */
  type(bytes: Uint8Array): void {
    const input = this.#child.stdin as Writable;
    if (input.writable) input.write(bytes);
  }

  /** Cuts the power: the process is killed, nothing in the guest hears of it. */
  cutPower(): Promise<MachineExit> {
    this.#cut = true;
    this.#child.kill('SIGKILL');
    return this.waitExit();
  }

  /** Waits until the machine is off. @throws ViverError LAB_TIME after `timeoutMs`. */
  waitExit(timeoutMs?: number): Promise<MachineExit> {
    if (this.#exit) return Promise.resolve(this.#exit);
    return new Promise((resolve, reject) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => giveUp(), timeoutMs);
      const ended = (exit: MachineExit) => {
        clearTimeout(timer);
        resolve(exit);
      };
      const giveUp = () => {
        this.off('exit', ended);
        reject(this.#timeError('to power off', timeoutMs ?? 0));
      };
      this.once('exit', ended);
    });
  }

  /** Waits until the console shows one of `phases`. @throws ViverError when the boot fails, the machine ends, or `timeoutMs` passes. */
  waitPhase(phases: readonly string[], timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        clearTimeout(timer);
        this.off('phase', look);
        this.off('exit', look);
        outcome();
      };
      const look = () => {
        const failure = this.console.failure ?? (this.#exit ? `it is off (${this.#exit.cause})` : undefined);
        if (phases.some((phase) => this.console.has(phase))) settle(resolve);
        else if (failure) settle(() => reject(new ViverError('LAB_BOOT', `${this.description.name}: ${failure}`)));
      };
      const timer = setTimeout(
        () => settle(() => reject(this.#timeError(`to reach ${phases[0]}`, timeoutMs))),
        timeoutMs,
      );
      this.on('phase', look);
      this.on('exit', look);
      look();
    });
  }

  #watch(): void {
    (this.#child.stdout as Readable).on('data', (chunk: Uint8Array) => this.#takeSerial(chunk));
    this.#child.stdin?.on('error', () => {}); // its end is told by 'close' below
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-4096);
    });
    this.monitor.onEvent((event) => {
      if (event.name === 'RESET') this.console.reset();
    });
    this.#child.on('error', (error) => this.#finish({ cause: 'failed', message: error.message }));
    this.#child.on('close', (code) => this.#finish(this.#causeOf(code)));
  }

  #takeSerial(chunk: Uint8Array): void {
    this.#replay.push(chunk);
    this.#replayBytes += chunk.length;
    while (this.#replayBytes > REPLAY_BYTES && this.#replay.length > 1)
      this.#replayBytes -= this.#replay.shift()!.length;
    const failedBefore = this.console.failure;
    const phases = this.console.push(chunk, performance.now());
    this.emit('serial', chunk);
    for (const phase of phases) this.#log.debug(`${phase.name} after ${phase.seconds} s`);
    if (phases.length > 0 || this.console.failure !== failedBefore) this.emit('phase');
  }

  #causeOf(code: number | null): { cause: MachineExit['cause']; message?: string } {
    if (this.#cut) return { cause: 'cut' };
    if (code === 0) return { cause: 'guest' };
    return { cause: 'failed', message: this.#stderr.trim().split('\n').at(-1) || `QEMU ended with status ${code}` };
  }

  #finish(end: { cause: MachineExit['cause']; message?: string }): void {
    if (this.#exit) return;
    this.#exit = { seconds: Math.round(performance.now() - this.#startedMs) / 1000, ...end };
    this.#log.info(`off after ${this.#exit.seconds.toFixed(1)} s (${end.message ?? end.cause})`);
    this.emit('exit', this.#exit);
  }

  #timeError(what: string, timeoutMs: number): ViverError {
    const last = this.console.lastPhase?.name ?? 'nothing';
    return new ViverError(
      'LAB_TIME',
      `${this.description.name}: more than ${timeoutMs / 1000} s ${what} (last seen: ${last})`,
    );
  }
}

function spawnQemu(args: readonly string[]): ChildProcess {
  const stdio = ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'] as const;
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', QEMU, ...args], { stdio: [...stdio] });
}
