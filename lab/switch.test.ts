import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { silentLog } from '../src/log.ts';
import { encodeFrame, FRAME_HEADER_BYTES, FrameDecoder } from './frames.ts';
import { EthernetSwitch, type SwitchOptions } from './switch.ts';

const BROADCAST = 0xff;

/** A machine at a port: `wire.push` sends into the switch, `got` is what came out of it. */
class Machine extends Duplex {
  readonly got: string[] = [];
  writes = 0;
  readonly #decoder = new FrameDecoder();

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.writes++;
    this.#decoder.push(chunk, (bytes, start, end) => {
      this.got.push(Buffer.from(bytes.subarray(start + FRAME_HEADER_BYTES + 14, end)).toString());
    });
    done();
  }
}

function frame(to: number, from: number, payload: string): Uint8Array {
  const address = (last: number) => (last === BROADCAST ? Array(6).fill(0xff) : [0x52, 0x54, 0, 0, 0, last]);
  return encodeFrame(Uint8Array.from([...address(to), ...address(from), 8, 0, ...Buffer.from(payload)]));
}

function room(count: number, options: Partial<SwitchOptions> = {}) {
  const network = new EthernetSwitch({ log: silentLog, ...options });
  const machines = Array.from({ length: count }, () => new Machine());
  const ports = machines.map((machine, index) => network.attach(`m${index + 1}`, machine));
  return { network, machines, ports, send: (index: number, ...frames: Uint8Array[]) => send(machines[index]!, frames) };
}

async function send(machine: Machine, frames: Uint8Array[]): Promise<void> {
  machine.push(Buffer.concat(frames));
  await turn();
}

test('unknown addresses are flooded, known ones are not', async () => {
  const { machines, send } = room(3);
  await send(0, frame(2, 1, 'who'));
  await send(1, frame(1, 2, 'me'));
  await send(0, frame(2, 1, 'you'));
  expect(machines.map((machine) => machine.got)).toEqual([['me'], ['who', 'you'], ['who']]);
});

test('broadcast reaches all but its sender', async () => {
  const { machines, send } = room(3);
  await send(0, frame(BROADCAST, 1, 'all'));
  expect(machines.map((machine) => machine.got)).toEqual([[], ['all'], ['all']]);
});

test('frames to one machine that came together leave as one write, in order', async () => {
  const { machines, send } = room(3);
  await send(1, frame(BROADCAST, 2, 'here'));
  await send(2, frame(BROADCAST, 3, 'here'));
  const before = machines[1]!.writes;
  await send(0, frame(2, 1, 'a'), frame(2, 1, 'b'), frame(3, 1, 'x'), frame(2, 1, 'c'));
  expect(machines[1]!.got.slice(-3)).toEqual(['a', 'b', 'c']);
  expect(machines[2]!.got.at(-1)).toBe('x');
  expect(machines[1]!.writes - before).toBe(2);
});

test('a pulled cable carries nothing, either way', async () => {
  const { machines, ports, send } = room(2);
  ports[1]!.plugged = false;
  await send(0, frame(BROADCAST, 1, 'to'));
  await send(1, frame(BROADCAST, 2, 'from'));
  ports[1]!.plugged = true;
  await send(0, frame(BROADCAST, 1, 'again'));
  expect(machines.map((machine) => machine.got)).toEqual([[], ['again']]);
});

test('a machine that moved or was started again is found at its new port', async () => {
  const { network, machines, ports, send } = room(2);
  await send(1, frame(BROADCAST, 2, 'here'));
  ports[1]!.detach();
  await turn();
  const again = new Machine();
  network.attach('m2', again);
  await send(0, frame(2, 1, 'still there?'));
  expect(again.got).toEqual(['still there?']);
  expect(machines[1]!.got).toEqual([]);
});

test('loss takes the part of the frames that it should', async () => {
  let turnOf = 0;
  const { machines, send } = room(2, { loss: 0.5, random: () => (turnOf++ % 2 === 0 ? 0.2 : 0.8) });
  await send(0, ...Array.from({ length: 10 }, (_, index) => frame(BROADCAST, 1, String(index))));
  expect(machines[1]!.got).toEqual(['1', '3', '5', '7', '9']);
});

test('a port that speaks nonsense is unplugged, the others go on', async () => {
  const { machines, send } = room(3);
  await send(0, new Uint8Array([0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
  expect(machines[0]!.destroyed).toBe(true);
  await send(1, frame(BROADCAST, 2, 'fine'));
  expect(machines[2]!.got).toEqual(['fine']);
});

test('a receiver that takes nothing loses frames, not our memory', async () => {
  const { machines, ports, send } = room(2);
  machines[1]!._write = () => {}; // never done
  const large = frame(BROADCAST, 1, 'x'.repeat(60_000));
  for (let turns = 0; turns < 40; turns++) await send(0, ...Array.from({ length: 10 }, () => large));
  expect(ports[1]!.counts().droppedFrames).toBeGreaterThan(200);
  expect(machines[1]!.writableLength).toBeLessThan(10 << 20);
});

test('the capture sees what entered, without the length', async () => {
  const seen: number[] = [];
  const { send } = room(2, { capture: (bytes) => seen.push(bytes.length) });
  await send(0, frame(BROADCAST, 1, 'abc'));
  expect(seen).toEqual([17]);
});
