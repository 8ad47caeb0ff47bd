// A room that is switched on at once: N diskless nodes boot from one first PC, each reading along the same trace.

import type { Field } from '../src/vfield/field.ts';
import { makeImage, PIECE_BYTES } from './image.ts';
import { Room } from './room.ts';

const PIECES = 384;
const READ_BYTES = 32_768;
/** What the CPU of a booting PC does between two reads. */
const THINK_MS = 3;

export interface StormOptions {
  readonly nodes: number;
  /** Part of the image that each node keeps. */
  readonly share: number;
  /** The image carries its boot trace. */
  readonly traced: boolean;
}

export interface StormResult {
  /** Virtual time until the last node has read all that a boot reads. */
  readonly lastMs: number;
  /** What the first PC sent until a minute later, in images. */
  readonly egress: number;
  readonly copies: number;
}

export async function storm({ nodes, share, traced }: StormOptions): Promise<StormResult> {
  const image = await makeImage(PIECES);
  const trace = Array.from({ length: 300 }, (_, at) => (at * 37) % (PIECES - 1));
  const metainfo = traced ? { ...image.metainfo, bootTrace: trace } : image.metainfo;
  const room = new Room(image, { latencyMs: 0.2, bytesPerSecond: 117e6 });
  const first = await room.openFirst('10.0.0.1', { metainfo });
  const fields: Field[] = [];
  for (let node = 0; node < nodes; node++)
    fields.push(await room.open(`10.0.1.${node}`, { share, metainfo, peers: ['10.0.0.1:6881'] }));
  const started = room.clock.now();
  let left = nodes;
  for (const field of fields) void boot(room, field, trace).then(() => left--);
  await room.clock.runUntil(() => left === 0, 600_000);
  const lastMs = room.clock.now() - started;
  await room.clock.run(60_000);
  const sent = first.status().peers.reduce((sum, { bytesTo }) => sum + bytesTo, 0);
  return { lastMs, egress: sent / image.bytes.length, copies: fields[0]!.status().copies.min };
}

async function boot(room: Room, field: Field, trace: readonly number[]): Promise<void> {
  for (const piece of trace) {
    await field.source.read(piece * PIECE_BYTES, READ_BYTES);
    await new Promise<void>((resolve) => room.clock.setTimeout(resolve, THINK_MS));
  }
}
