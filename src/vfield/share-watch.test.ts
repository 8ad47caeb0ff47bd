import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';
import { makeImage } from '../../sim/image.ts';
import { Room } from '../../sim/room.ts';
import { createLog, silentLog } from '../log.ts';
import type { MemoryReading } from '../sys/memory-reading.ts';
import type { FieldStatus } from './field.ts';
import { followMemory } from './share-watch.ts';

const MIB = 1024 * 1024;
const CONFIGURED = 128 * MIB;

/** A machine of 512 MiB whose field has filled its share, with so much available at first. */
function machine(availableMiB: number, kind: FieldStatus['kind'] = 'ram') {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const state = { availableMiB, shareBytes: CONFIGURED, looks: 0 };
  const status = () => {
    const { shareBytes } = state;
    return {
      kind,
      shareBytes,
      storeBytes: shareBytes,
      onlyHere: 0,
      sizeBytes: 1024 * MIB,
      pieces: 1024,
    } as FieldStatus;
  };
  const setShare = (bytes: number): void => {
    state.shareBytes = bytes;
  };
  const readMemory = async (): Promise<MemoryReading> => {
    state.looks++;
    if (Number.isNaN(state.availableMiB)) throw new Error('ENOENT: /proc/meminfo');
    return { totalBytes: 512 * MIB, availableBytes: state.availableMiB * MIB };
  };
  const log = createLog((level, _area, message) => lines.push(`${level} ${message}`));
  const stop = followMemory({ field: { status, setShare }, readMemory, clock, log });
  return { clock, lines, state, stop };
}

test('the field is told a smaller share within a second, and the old one when memory is back', async () => {
  const { clock, lines, state } = machine(40);
  await clock.run(1500);
  expect(state.shareBytes).toBe(72 * MIB);
  state.availableMiB = 300;
  await clock.run(200_000);
  expect(state.shareBytes).toBe(CONFIGURED);
  expect(lines[0]).toBe('info 40 MiB of memory available: the share goes from 128 MiB to 72 MiB');
  expect(lines).toHaveLength(1 + 7);
});

test('what gives no RAM is not looked after, and what was ended neither', async () => {
  const medium = machine(1, 'medium');
  await medium.clock.run(5000);
  expect(medium.state.looks).toBe(0);
  const ended = machine(300);
  await ended.clock.run(2500);
  ended.stop();
  await ended.clock.run(5000);
  expect(ended.state.looks).toBe(2);
});

test('where memory cannot be seen, that is said once and the share stays', async () => {
  const { clock, lines, state } = machine(Number.NaN);
  await clock.run(5000);
  expect(state.shareBytes).toBe(CONFIGURED);
  expect(lines).toEqual([
    "warn the memory of this machine can't be seen, the share stays as it is: ENOENT: /proc/meminfo",
  ]);
});

describe('a node of a room that holds the whole image', async () => {
  const FIRST = '10.0.0.1';
  const image = await makeImage(256);

  /** The node, full, on a machine whose memory is nearly gone from now on. */
  async function shortNode(room: Room, firstLeaves: boolean) {
    await room.openFirst(FIRST);
    const node = await room.open('10.0.0.2', { share: 1, peers: [`${FIRST}:6881`] });
    await room.clock.runUntil(() => node.status().kept === 256, 60_000);
    if (firstLeaves) room.network.powerOff(FIRST, 'reset');
    await room.clock.run(5000);
    const readMemory = async () => ({ totalBytes: 512 * MIB, availableBytes: MIB });
    followMemory({ field: node, readMemory, clock: room.clock, log: silentLog });
    return node;
  }

  test('gives memory back while somebody else has the pieces', async () => {
    const room = new Room(image, { seed: 1 });
    const node = await shortNode(room, false);
    expect(node.status()).toMatchObject({ onlyHere: 0, shareBytes: 32 * MIB });
    await room.clock.runUntil(() => node.status().storeBytes <= 16 * MIB, 30_000);
    expect(node.status()).toMatchObject({ shareBytes: 8 * MIB, storeBytes: 16 * MIB });
    expect(await room.readsAll(node)).toBe(true);
  });

  test('gives up nothing that nobody else has: its own root would wait for ever', async () => {
    const room = new Room(image, { seed: 1 });
    const node = await shortNode(room, true);
    await room.clock.run(30_000);
    expect(node.status()).toMatchObject({ onlyHere: 256, kept: 256 });
    expect(await room.readsAll(node)).toBe(true);
  });
});
