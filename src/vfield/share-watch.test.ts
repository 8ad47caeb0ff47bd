import { expect, test } from 'vitest';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';
import { createLog } from '../log.ts';
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
  const status = () =>
    ({
      kind,
      shareBytes: state.shareBytes,
      held: state.shareBytes / MIB,
      sizeBytes: 1024 * MIB,
      pieces: 1024,
    }) as FieldStatus;
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
