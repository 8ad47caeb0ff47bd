// One boot of one way in a virtual machine: when the real init started by the kernel's clock, what the way's own program said of its
// phases, and how much memory is there when the system is up. The power is cut as soon as all that is known.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { KERNEL_TIME } from '../../lab/console-marks.ts';
import type { MachineDescription, MachineFiles } from '../../lab/machine.ts';
import { LAB_DIRECTORY, PROJECT_DIRECTORY } from '../../lab/room-paths.ts';
import { RunningMachine } from '../../lab/running-machine.ts';
import { ViverError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import type { BootedWay } from './media.ts';

export interface BootFigures {
  /** Seconds from the kernel's start to the first line of the real init. */
  readonly initSeconds: number;
  /** MemAvailable of /proc/meminfo at multi-user.target; only where it was asked for. */
  readonly availableMiB?: number;
  /** Lines of the kernel's log that mark a step on the way: `12.3 phase hardware: …`. */
  readonly marks: readonly string[];
}

const LOGS = join(PROJECT_DIRECTORY, 'out', 'bench', 'logs');
const MEMORY_MIB = 1024;
const BOOT_LIMIT_MS = 300_000;
const UNTIL_UP = 'until systemctl -q is-active multi-user.target; do sleep 1; done; cat /proc/meminfo';
/** The serial line alone, so that both sides write every line once. */
const PARAMETERS = 'console=ttyS0,115200 printk.devkmsg=on';
const INIT_LINE = /systemd\[1\]: systemd \S+ running in system mode/;
const MARKS = /Run \/init as init|viver: phase|systemd\[1\]: (?:systemd \S+ running|Switching root)/;

/** Starts `way` once. With `whole` it goes on to multi-user.target and asks for the memory. */
export async function boot(way: BootedWay, whole: boolean): Promise<BootFigures> {
  const machine = await start(way);
  try {
    const log = new KernelLog(machine);
    const initSeconds = await log.untilInit(way.systemds);
    if (!whole) return { initSeconds, marks: log.marks };
    await machine.agent.waitReady(BOOT_LIMIT_MS);
    const { stdout } = await machine.agent.shell(UNTIL_UP, BOOT_LIMIT_MS);
    const availableMiB = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(stdout)?.[1]) / 1024;
    return { initSeconds, availableMiB, marks: log.marks };
  } finally {
    await machine.cutPower();
  }
}

async function start(way: BootedWay): Promise<RunningMachine> {
  await mkdir(LOGS, { recursive: true });
  const { kernel, initrd, stick, parameters } = way;
  const description: MachineDescription = {
    name: way.name,
    firmware: 'bios',
    medium: { kind: 'usb', image: stick },
    nic: 'e1000',
    memoryMiB: MEMORY_MIB,
    kernel: { image: kernel, initrd, commandLine: `${PARAMETERS} ${parameters}` },
  };
  const accelerator = await chooseAccelerator({ kernel, directory: LAB_DIRECTORY, log: silentLog });
  const files: MachineFiles = { accelerator, serialLog: join(LOGS, `${way.name}.log`) };
  const machine = new RunningMachine(description, files, silentLog);
  machine.network.resume(); // a cable into a network where nobody answers
  return machine;
}

/** Reads the serial line for the kernel's times. */
class KernelLog {
  readonly marks: string[] = [];
  readonly #machine: RunningMachine;
  #line = '';
  #inits: number[] = [];
  #onInit = () => {};

  constructor(machine: RunningMachine) {
    this.#machine = machine;
    machine.on('serial', (chunk) => {
      const lines = (this.#line + Buffer.from(chunk).toString('latin1')).split('\n');
      this.#line = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    });
  }

  /** Seconds by the kernel's clock of the line of the `count`th init. */
  untilInit(count: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const giveUp = (why: string) =>
        reject(new ViverError('BENCH_BOOT', `${this.#machine.description.name}: ${why}; see ${LOGS}`));
      const timer = setTimeout(() => giveUp(`no init after ${BOOT_LIMIT_MS / 1000} s`), BOOT_LIMIT_MS);
      this.#machine.once('exit', ({ message }) => giveUp(`the machine is off: ${message ?? ''}`));
      this.#onInit = () => {
        if (this.#inits.length < count) return;
        clearTimeout(timer);
        resolve(this.#inits[count - 1]!);
      };
    });
  }

  #take(line: string): void {
    const seconds = KERNEL_TIME.exec(line)?.[1];
    if (seconds === undefined) return;
    if (MARKS.test(line)) this.marks.push(line.trimEnd());
    if (!INIT_LINE.test(line)) return;
    this.#inits.push(Number(seconds));
    this.#onInit();
  }
}
