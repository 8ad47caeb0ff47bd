// A room: machines on one private network, all in this process's care. Owns the switch, the capture and the machines, and the folder
// with their logs. The command line (supervisor.ts) and the demonstration both play with this.

import { createWriteStream, type WriteStream } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ViverError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import type { Accelerator, MachineDescription, MachineFiles } from './machine.ts';
import { encodePcapHeader, encodePcapRecord, SNAP_BYTES } from './pcap.ts';
import { RunningMachine } from './running-machine.ts';
import { EthernetSwitch, type SwitchPort } from './switch.ts';

/** Debian's package ovmf. */
const UEFI_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const UEFI_VARIABLES = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/** The capture ends here: it is for finding out why a boot stands still, not for the disk image's bytes. */
const MAX_CAPTURE_BYTES = 64 << 20;

/** Of TCP only the headers are worth keeping; DHCP, TFTP, ARP and ICMP are kept whole. */
const TCP_KEEP_BYTES = 128;

export interface RoomOptions {
  /** Logs, capture and firmware variables go here. */
  readonly directory: string;
  readonly accelerator: Accelerator;
  readonly log: Log;
  /** Part of the frames that is lost, 0 to 1. */
  readonly loss?: number;
}

export class Room {
  readonly #options: RoomOptions;
  readonly #switch: EthernetSwitch;
  readonly #machines = new Map<string, RunningMachine>();
  readonly #ports = new Map<string, SwitchPort>();
  readonly #starts = new Map<string, number>();
  readonly #capture: WriteStream;
  #captured = 0;

  private constructor(options: RoomOptions) {
    this.#options = options;
    this.#capture = createWriteStream(join(options.directory, 'room.pcap'));
    this.#capture.write(encodePcapHeader());
    this.#switch = new EthernetSwitch({
      log: options.log.child('switch'),
      capture: (frame) => this.#captureFrame(frame),
      ...(options.loss === undefined ? {} : { loss: options.loss }),
    });
  }

  /** Makes the folder and an empty room. */
  static async open(options: RoomOptions): Promise<Room> {
    await mkdir(options.directory, { recursive: true });
    return new Room(options);
  }

  get accelerator(): Accelerator {
    return this.#options.accelerator;
  }

  /** Every machine that was ever switched on, the last start of each. */
  get machines(): readonly RunningMachine[] {
    return [...this.#machines.values()];
  }

  machine(name: string): RunningMachine {
    const machine = this.#machines.get(name);
    if (!machine) throw new ViverError('LAB_NO_MACHINE', `there is no machine ${name} in the room`);
    return machine;
  }

  /** Switches a machine on. A name may be used again once the machine is off. */
  async add(description: MachineDescription): Promise<RunningMachine> {
    const { name } = description;
    const before = this.#machines.get(name);
    if (before && !before.exit) throw new ViverError('LAB_MACHINE_ON', `${name} is on already`);
    const log = this.#options.log.child(name);
    const machine = new RunningMachine(description, await this.#filesFor(description), log);
    this.#machines.set(name, machine);
    this.#ports.set(name, this.#switch.attach(name, machine.network));
    log.info(
      `on: ${description.firmware}, ${description.nic}, ${description.medium.kind}, ${description.memoryMiB} MiB`,
    );
    return machine;
  }

  /** Pulls or plugs the network cable of a machine. */
  plug(name: string, plugged: boolean): void {
    const port = this.#ports.get(this.machine(name).description.name);
    if (port) port.plugged = plugged;
  }

  /** Cuts the power of every machine and ends the network. */
  async close(): Promise<void> {
    await Promise.all(this.machines.filter((machine) => !machine.exit).map((machine) => machine.cutPower()));
    this.#switch.close();
    await new Promise<void>((resolve) => this.#capture.end(() => resolve()));
  }

  async #filesFor({ name, firmware }: MachineDescription): Promise<MachineFiles> {
    const start = (this.#starts.get(name) ?? 0) + 1;
    this.#starts.set(name, start);
    const { directory, accelerator } = this.#options;
    const serialLog = join(directory, `${name}${start === 1 ? '' : `.${start}`}.serial.log`);
    if (firmware === 'bios') return { accelerator, serialLog };
    const uefiVariables = join(directory, `${name}.uefi-variables.fd`);
    if (start === 1) await copyFile(UEFI_VARIABLES, uefiVariables);
    return { accelerator, serialLog, uefiCode: UEFI_CODE, uefiVariables };
  }

  #captureFrame(frame: Uint8Array): void {
    if (this.#captured > MAX_CAPTURE_BYTES) return;
    const record = encodePcapRecord(frame, Date.now(), isTcp(frame) ? TCP_KEEP_BYTES : SNAP_BYTES);
    this.#captured += record.length;
    this.#capture.write(record);
  }
}

/** IPv4 (EtherType 0x0800, RFC 894) with protocol 6 (RFC 791). */
function isTcp(frame: Uint8Array): boolean {
  return frame[12] === 8 && frame[13] === 0 && frame[23] === 6;
}
