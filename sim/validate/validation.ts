// The same small storm for real processes and for the simulator: N nodes read the whole image at the same moment, eight reads of 1 MiB at once.

import type { BlockSource } from '../../src/vfield/block-source.ts';
import type { TestImage } from '../image.ts';
import { Room } from '../room.ts';
import { hostName } from '../storm/storm.ts';

export interface ValidationOptions {
  readonly image: TestImage;
  readonly nodes: number;
  readonly shareMebibytes: number;
  readonly bitsPerSecond: number;
}

export interface ValidationResult {
  /** Of each node, from the moment when all had opened. */
  readonly readMs: readonly number[];
  /** Bytes of blocks that the first had sent when the last node was done. */
  readonly firstSentBytes: number;
}

const READ_BYTES = 1024 * 1024;
const READS_AT_ONCE = 8;
const LIMIT_MS = 600_000;
/** Between two namespaces of one machine. */
const LATENCY_MS = 0.05;
/** As in the storms. */
const CPU_NS_PER_BYTE = 1.6;

export async function runSimulatedStorm(
  options: ValidationOptions & { readonly seed: number },
): Promise<ValidationResult> {
  const { image, nodes, shareMebibytes, bitsPerSecond, seed } = options;
  const network = { latencyMs: LATENCY_MS, bytesPerSecond: bitsPerSecond / 8, cpuNsPerByte: CPU_NS_PER_BYTE };
  const room = new Room(image, { ...network, seed, keepsLogs: false });
  const first = await room.openFirst(hostName(0));
  const share = (shareMebibytes * READ_BYTES) / image.bytes.length;
  const peers = [`${hostName(0)}:6881`];
  const fields = await room.openAll(
    Array.from({ length: nodes }, (_, at) => hostName(at + 1)),
    { share, peers },
  );
  const startedAt = room.clock.now();
  const readMs: number[] = [];
  for (const { source } of fields) {
    void readAll(source).then(() => readMs.push(room.clock.now() - startedAt));
  }
  if (!(await room.clock.runUntil(() => readMs.length === nodes, LIMIT_MS)))
    throw new Error(`seed ${seed} stands still`);
  const firstSentBytes = first.status().peers.reduce((sum, { bytesTo }) => sum + bytesTo, 0);
  return { readMs, firstSentBytes };
}

/** As test/programs/field-node.ts reads on `all`. */
async function readAll(source: BlockSource): Promise<void> {
  const pending: Promise<Uint8Array>[] = [];
  for (let at = 0; at < source.sizeBytes || pending.length > 0; ) {
    while (at < source.sizeBytes && pending.length < READS_AT_ONCE) {
      const length = Math.min(READ_BYTES, source.sizeBytes - at);
      pending.push(source.read(at, length));
      at += length;
    }
    await pending.shift();
  }
}
