// A diskless machine that boots an image out of this process: no medium, no other machine, no way to any network but to the seed here. For recording a boot
// and for measuring one; needs no root. Owns the machine and the seed.

import { setTimeout as delay } from 'node:timers/promises';
import { ViverError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import type { BlockSource } from '../src/vfield/block-source.ts';
import { type Field, openField } from '../src/vfield/field.ts';
import { formatMagnet } from '../src/vfield/magnet.ts';
import type { Metainfo } from '../src/vfield/metainfo.ts';
import { type Accelerator, GUEST_PEER } from './machine.ts';
import { RunningMachine } from './running-machine.ts';

/** What the console needs to be followed: console.ts. */
const SPEAK = ['console=ttyS0,115200', 'printk.devkmsg=on', 'systemd.show_status=1', 'panic=-1'];
const POLL_MS = 500;

export interface SeededMachineOptions {
  readonly metainfo: Metainfo;
  /** The image: `metainfo.lengthBytes` bytes. */
  readonly source: BlockSource;
  readonly kernel: string;
  readonly initrd: string;
  /** Kernel parameters behind our own, such as `viver.share=0`. */
  readonly parameters: readonly string[];
  readonly memoryMiB: number;
  readonly accelerator: Accelerator;
  readonly serialLog: string;
  readonly log: Log;
}

export class SeededMachine {
  readonly machine: RunningMachine;
  readonly seed: Field;

  private constructor(machine: RunningMachine, seed: Field) {
    this.machine = machine;
    this.seed = seed;
  }

  /** Opens the seed and switches the machine on. */
  static async start(options: SeededMachineOptions): Promise<SeededMachine> {
    const { metainfo, source, log } = options;
    const seed = await openField({
      metainfo,
      local: source,
      listen: { host: '127.0.0.1', port: 0 },
      shareBytes: 0,
      discovery: false,
      log,
    });
    return new SeededMachine(switchOn(options, seed.port), seed);
  }

  /**
   * Waits until `isDone`, which is asked twice a second.
   * @throws ViverError LAB_BOOT when the boot fails or the machine ends, LAB_TIME after `limitMs`; the signal's reason.
   */
  async waitFor(isDone: () => boolean, limitMs: number, signal?: AbortSignal): Promise<void> {
    const { machine } = this;
    while (!isDone()) {
      const failure =
        machine.console.failure ??
        (machine.exit && `the machine is off (${machine.exit.message ?? machine.exit.cause})`);
      if (failure) throw new ViverError('LAB_BOOT', `the image does not boot: ${failure}`);
      if (machine.seconds * 1000 > limitMs) {
        const last = machine.console.lastPhase?.name ?? 'nothing';
        throw new ViverError('LAB_TIME', `the image has not booted after ${limitMs / 1000} s (last seen: ${last})`);
      }
      await delay(POLL_MS, undefined, signal ? { signal } : {});
    }
  }

  /** Cuts the power and ends the seed. */
  async close(): Promise<void> {
    if (!this.machine.exit) await this.machine.cutPower();
    await this.seed.close();
  }
}

function switchOn(options: SeededMachineOptions, hostPort: number): RunningMachine {
  const { metainfo, kernel, initrd, memoryMiB, accelerator, serialLog, parameters, log } = options;
  const magnet = formatMagnet({ infoHashV2: metainfo.infoHashV2, name: metainfo.name, peers: [GUEST_PEER] });
  const commandLine = [`viver.image=${magnet}`, 'viver.net=dhcp', ...SPEAK, ...parameters].join(' ');
  return new RunningMachine(
    {
      name: 'diskless',
      firmware: 'bios',
      medium: { kind: 'none' },
      nic: 'virtio',
      memoryMiB,
      kernel: { image: kernel, initrd, commandLine },
      hostPort,
    },
    { accelerator, serialLog },
    log,
  );
}
