// A room of nodes in one process: the real field over a virtual network and a virtual clock, all from a seed.

import { createLog, type Log, type LogLevel, silentLog } from '../src/log.ts';
import { type BlockSource, bytesSource } from '../src/vfield/block-source.ts';
import { type Field, type FieldOptions, openField } from '../src/vfield/field.ts';
import { VirtualClock } from './clock/virtual-clock.ts';
import type { TestImage } from './image.ts';
import { type NetworkOptions, VirtualNetwork } from './network/network.ts';

export interface NodeOptions extends Partial<FieldOptions> {
  /** Part of the image that its share could hold. */
  readonly share?: number;
}

export interface RoomOptions extends Partial<NetworkOptions> {
  /** Whether what the nodes log is kept in `logs`. Default true. */
  readonly keepsLogs?: boolean;
}

const OPEN_LIMIT_MS = 60_000;

export class Room {
  readonly clock = new VirtualClock();
  readonly network: VirtualNetwork;
  readonly image: TestImage;
  readonly logs: string[] = [];
  readonly #keepsLogs: boolean;
  #nodes: number;

  constructor(image: TestImage, options: RoomOptions = {}) {
    this.image = image;
    this.#nodes = options.seed ?? 1;
    this.#keepsLogs = options.keepsLogs ?? true;
    this.network = new VirtualNetwork({ ...options, clock: this.clock });
  }

  /** Begins to open the field on the host of this name, listening on port 6881; resolves on the virtual clock. */
  begin(host: string, options: NodeOptions = {}): Promise<Field> {
    const { share = 0, ...rest } = options;
    const { metainfo } = this.image;
    return openField({
      ...(rest.magnet === undefined ? { metainfo } : {}),
      listen: { port: 6881 },
      shareBytes: Math.ceil(share * metainfo.pieceCount) * metainfo.pieceBytes,
      log: this.log(host),
      clock: this.clock,
      transport: this.network.transport(host),
      peerId: this.#peerId(),
      ...rest,
    });
  }

  /** The same, and lets time pass until it is open. */
  async open(host: string, options: NodeOptions = {}): Promise<Field> {
    return (await this.openAll([host], options))[0]!;
  }

  /** Several at the same moment. */
  async openAll(hosts: readonly string[], options: NodeOptions = {}): Promise<Field[]> {
    let settled = false;
    const opening = Promise.all(hosts.map((host) => this.begin(host, options))).finally(() => {
      settled = true;
    });
    opening.catch(() => {});
    if (!(await this.clock.runUntil(() => settled, OPEN_LIMIT_MS))) throw new Error(`${hosts.join(', ')} did not open`);
    return opening;
  }

  /** A node with the image on its own medium. */
  openFirst(host: string, options: NodeOptions = {}): Promise<Field> {
    return this.open(host, { local: bytesSource(this.image.bytes), ...options });
  }

  /** Reads in virtual time; undefined when it has not come after `limitMs`. */
  async read(source: BlockSource, offset: number, length: number, limitMs: number): Promise<Uint8Array | undefined> {
    let result: Uint8Array | undefined;
    source.read(offset, length).then(
      (bytes) => {
        result = bytes;
      },
      () => {},
    );
    await this.clock.runUntil(() => result !== undefined, limitMs);
    return result;
  }

  /** True when the node reads the whole image, 1 MiB at a time, and every byte is right. */
  async readsAll(field: Field, limitMs = 60_000): Promise<boolean> {
    const step = 1024 * 1024;
    for (let at = 0; at < this.image.bytes.length; at += step) {
      const length = Math.min(step, this.image.bytes.length - at);
      const bytes = await this.read(field.source, at, length, limitMs);
      if (!bytes || !this.isRight(bytes, at)) return false;
    }
    return true;
  }

  /** Whether these are the image's bytes at `offset`. */
  isRight(bytes: Uint8Array, offset: number): boolean {
    return Buffer.compare(bytes, this.image.bytes.subarray(offset, offset + bytes.length)) === 0;
  }

  log(host: string): Log {
    if (!this.#keepsLogs) return silentLog;
    const keep = (level: LogLevel, _area: string, message: string): void => {
      this.logs.push(`${Math.round(this.clock.now())} ${host} ${level} ${message}`);
    };
    return createLog(keep, '', 'debug');
  }

  #peerId(): Uint8Array {
    const id = new TextEncoder().encode(`-VI0100-${'x'.repeat(12)}`);
    const view = new DataView(id.buffer);
    view.setUint32(8, Math.imul(this.#nodes++, 0x9e3779b1));
    view.setUint32(12, this.#nodes);
    return id;
  }
}
