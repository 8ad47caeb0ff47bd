// A room of nodes in one process: the real field over an in-process network and a virtual clock, from a seed.

import { createLog, type Log, type LogLevel } from '../../src/log.ts';
import { type BlockSource, bytesSource } from '../../src/vfield/block-source.ts';
import { createMetainfo } from '../../src/vfield/create-metainfo.ts';
import { type Field, type FieldOptions, openField } from '../../src/vfield/field.ts';
import { MemoryNetwork, type NetworkOptions } from '../../src/vfield/memory-transport.ts';
import type { Metainfo } from '../../src/vfield/metainfo.ts';
import { VirtualClock } from './virtual-clock.ts';

export const PIECE_BYTES = 131_072;

export interface TestImage {
  readonly bytes: Uint8Array;
  readonly metainfo: Metainfo;
}

/** Bytes that depend on `seed` and differ from piece to piece; the last piece is not whole. */
export async function makeImage(pieces: number, seed = 1): Promise<TestImage> {
  const bytes = new Uint8Array((pieces - 1) * PIECE_BYTES + 4096);
  const words = new Uint32Array(bytes.buffer);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = state;
  }
  const image = { label: 'test', kernelRelease: '6.1.0-test', architecture: 'x86_64' };
  async function* chunks() {
    yield bytes;
  }
  return { bytes, metainfo: await createMetainfo(chunks(), { name: 'test.squashfs', image }) };
}

export interface NodeOptions extends Partial<FieldOptions> {
  /** Part of the image that its share could hold. */
  readonly share?: number;
}

export class Room {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly image: TestImage;
  readonly logs: string[] = [];
  #seed: number;

  constructor(image: TestImage, options: Partial<NetworkOptions> & { seed?: number } = {}) {
    this.image = image;
    this.#seed = options.seed ?? 1;
    this.network = new MemoryNetwork({ latencyMs: 0.2, bytesPerSecond: 117e6, ...options, clock: this.clock });
  }

  /** Opens the field on the host of this name; it listens on port 6881. */
  async open(host: string, options: NodeOptions = {}): Promise<Field> {
    const { share, ...rest } = options;
    let field: Field | undefined;
    let failure: unknown;
    openField({
      ...(rest.magnet === undefined ? { metainfo: this.image.metainfo } : {}),
      listen: { port: 6881 },
      shareBytes: Math.ceil((share ?? 0) * this.image.metainfo.pieceCount) * PIECE_BYTES,
      log: this.log(host),
      clock: this.clock,
      transport: this.network.transport(host),
      peerId: this.#peerId(),
      ...rest,
    }).then(
      (opened) => {
        field = opened;
      },
      (error: unknown) => {
        failure = error;
      },
    );
    await this.clock.runUntil(() => field !== undefined || failure !== undefined, 60_000);
    if (!field) throw failure ?? new Error(`${host} did not open`);
    return field;
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
      if (!bytes || Buffer.compare(bytes, this.image.bytes.subarray(at, at + length)) !== 0) return false;
    }
    return true;
  }

  log(host: string): Log {
    return createLog(
      (level: LogLevel, _area, message) => {
        this.logs.push(`${Math.round(this.clock.now())} ${host} ${level} ${message}`);
      },
      '',
      'debug',
    );
  }

  #peerId(): Uint8Array {
    const id = new TextEncoder().encode(`-VI0100-${'x'.repeat(12)}`);
    new DataView(id.buffer).setUint32(8, Math.imul(this.#seed++, 0x9e3779b1));
    new DataView(id.buffer).setUint32(12, this.#seed);
    return id;
  }
}
