// The network of a room: a learning Ethernet switch in this process. Each port is a byte stream to one machine (QEMU's stream back
// end, frames.ts). Like a real one it floods what it does not know and drops what a slow receiver can't take.
// The switch owns its ports and the table of addresses; it never changes a frame.

import type { Duplex } from 'node:stream';
import { errorLine } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import { FRAME_HEADER_BYTES, FrameDecoder } from './frames.ts';

/** Bytes that may wait for one receiver before frames to it are dropped; more than a TCP window of a guest. */
const PORT_QUEUE_BYTES = 8 << 20;

/** Addresses remembered; a guest that invents addresses can't fill the memory. */
const MAX_ADDRESSES = 4096;

export interface SwitchOptions {
  readonly log: Log;
  /** Part of the frames that is lost, 0 to 1, for tests; `random` decides. */
  readonly loss?: number;
  readonly random?: () => number;
  /** Sees every frame that enters the switch, without its length header. */
  readonly capture?: (frame: Uint8Array) => void;
}

/** What a port has done so far. */
export interface PortCounts {
  readonly receivedFrames: number;
  readonly sentFrames: number;
  readonly droppedFrames: number;
}

export interface SwitchPort {
  readonly name: string;
  /** False: the cable is pulled; nothing enters or leaves. */
  plugged: boolean;
  counts(): PortCounts;
  detach(): void;
}

/** Frames to one receiver that lie one behind the other in the same chunk: they leave as one write. */
interface Run {
  target: Port | 'all';
  bytes: Uint8Array;
  start: number;
  end: number;
  frames: number;
}

class Port implements SwitchPort {
  readonly name: string;
  readonly stream: Duplex;
  readonly decoder = new FrameDecoder();
  plugged = true;
  received = 0;
  sent = 0;
  dropped = 0;
  readonly #remove: (port: Port) => void;

  constructor(name: string, stream: Duplex, remove: (port: Port) => void) {
    this.name = name;
    this.stream = stream;
    this.#remove = remove;
  }

  counts(): PortCounts {
    return { receivedFrames: this.received, sentFrames: this.sent, droppedFrames: this.dropped };
  }

  detach(): void {
    this.#remove(this);
    this.stream.destroy();
  }

  deliver(run: Run): void {
    if (!this.plugged || !this.stream.writable || this.stream.writableLength > PORT_QUEUE_BYTES) {
      this.dropped += run.frames;
      return;
    }
    this.sent += run.frames;
    this.stream.write(run.bytes.subarray(run.start, run.end));
  }
}

export class EthernetSwitch {
  readonly #options: SwitchOptions;
  readonly #ports = new Set<Port>();
  readonly #addresses = new Map<number, Port>();
  #run: Run | undefined;

  constructor(options: SwitchOptions) {
    this.#options = options;
  }

  /** Plugs a machine in. The port is gone when its stream ends. */
  attach(name: string, stream: Duplex): SwitchPort {
    const port = new Port(name, stream, (gone) => this.#forget(gone));
    this.#ports.add(port);
    stream.on('data', (chunk: Uint8Array) => this.#receive(port, chunk));
    stream.on('error', (error) => this.#options.log.debug(`${name}: ${errorLine(error)}`));
    stream.on('close', () => this.#forget(port));
    return port;
  }

  close(): void {
    for (const port of [...this.#ports]) port.detach();
  }

  #receive(port: Port, chunk: Uint8Array): void {
    try {
      port.decoder.push(chunk, (bytes, start, end) => this.#forward(port, bytes, start, end));
    } catch (error) {
      this.#options.log.warn(`${port.name} is unplugged: ${errorLine(error)}`);
      port.detach();
    }
    this.#flush(port);
  }

  #forward(source: Port, bytes: Uint8Array, start: number, end: number): void {
    source.received++;
    const frame = start + FRAME_HEADER_BYTES;
    if (!source.plugged || this.#lost()) {
      source.dropped++;
      return;
    }
    this.#options.capture?.(bytes.subarray(frame, end));
    this.#learn(source, bytes, frame + 6);
    const target = this.#targetOf(bytes, frame);
    if (target === source) return;
    this.#append(source, target, bytes, start, end);
  }

  #append(source: Port, target: Port | 'all', bytes: Uint8Array, start: number, end: number): void {
    const run = this.#run;
    if (run && run.target === target && run.bytes === bytes && run.end === start) {
      run.end = end;
      run.frames++;
      return;
    }
    this.#flush(source);
    this.#run = { target, bytes, start, end, frames: 1 };
  }

  #flush(source: Port): void {
    const run = this.#run;
    this.#run = undefined;
    if (!run) return;
    const targets = run.target === 'all' ? this.#ports : [run.target];
    for (const port of targets) if (port !== source) port.deliver(run);
  }

  #targetOf(bytes: Uint8Array, at: number): Port | 'all' {
    const isGroup = (bytes[at]! & 1) === 1; // IEEE 802.3 3.2.3: multicast and broadcast
    return isGroup ? 'all' : (this.#addresses.get(addressKey(bytes, at)) ?? 'all');
  }

  #learn(source: Port, bytes: Uint8Array, at: number): void {
    const key = addressKey(bytes, at);
    if (this.#addresses.get(key) === source) return;
    if (this.#addresses.size >= MAX_ADDRESSES) this.#addresses.clear();
    this.#addresses.set(key, source);
  }

  #lost(): boolean {
    const loss = this.#options.loss ?? 0;
    return loss > 0 && (this.#options.random ?? Math.random)() < loss;
  }

  #forget(port: Port): void {
    this.#ports.delete(port);
    for (const [key, owner] of this.#addresses) if (owner === port) this.#addresses.delete(key);
  }
}

/** Six bytes as one number: 48 bits are exact in a double and make a quick key. */
function addressKey(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 8) | bytes[at + 1]!;
  const low = ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0;
  return high * 2 ** 32 + low;
}
