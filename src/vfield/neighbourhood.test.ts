// Rooms with more nodes than a node holds connections.

import { beforeAll, describe, expect, it } from 'vitest';
import { makeImage, type TestImage } from '../../sim/image.ts';
import { Room } from '../../sim/room.ts';
import type { Field } from './field.ts';

const NODES = 60;
const BOUND = 12;
const FIRST = '10.0.0.1';

let image: TestImage;
beforeAll(async () => {
  image = await makeImage(24, 3, 16_384);
});

const host = (node: number): string => `10.1.${node >> 8}.${node & 255}`;

/** Nodes that know only the first, started one soon after the other. */
async function largeRoom(
  share: number,
  nodes = NODES,
  seed = 5,
): Promise<{ room: Room; first: Field; fields: Field[] }> {
  const room = new Room(image, { seed, keepsLogs: false });
  const first = await room.openFirst(FIRST, { connections: BOUND });
  const fields: Field[] = [];
  for (let node = 0; node < nodes; node++) {
    fields.push(await room.open(host(node), { share, connections: BOUND, peers: [`${FIRST}:6881`] }));
    await room.clock.run(20);
  }
  return { room, first, fields };
}

/** Every node can be reached from the first one over connections. */
function isOneGraph(first: Field, fields: readonly Field[]): boolean {
  const byId = new Map([first, ...fields].map((field) => [field.status().id, field]));
  const reached = new Set<Field>([first]);
  for (const field of reached) {
    for (const { id } of field.status().peers) {
      const peer = byId.get(id);
      if (peer) reached.add(peer);
    }
  }
  return reached.size === byId.size;
}

describe('a room larger than the bound', () => {
  it.each([1, 2, 3, 4])(
    'is one graph in which nobody holds too many connections (seed %d)',
    { timeout: 300_000 },
    async (seed) => {
      const { room, first, fields } = await largeRoom(0.3, NODES, seed);
      for (let second = 0; second < 30 && !isOneGraph(first, fields); second++) await room.clock.run(1_000);
      await room.clock.run(15_000);
      const counts = fields.map((field) => field.status().peers.length);
      expect(Math.max(...counts, first.status().peers.length)).toBeLessThanOrEqual(Math.ceil(BOUND * 1.25));
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(BOUND / 4);
      expect(isOneGraph(first, fields)).toBe(true);
      for (const field of [fields[0]!, fields[NODES - 1]!]) expect(await room.readsAll(field)).toBe(true);
    },
  );

  it('lets a node find the only copy of what it waits for, wherever it is', { timeout: 300_000 }, async () => {
    const { room, first, fields } = await largeRoom(0);
    expect(first.status().copies.min).toBe(0);
    const far = fields.filter((field) => !field.status().peers.some(({ id }) => id === first.status().id));
    expect(far.length).toBeGreaterThan(NODES / 2);
    for (const field of far.slice(0, 8)) {
      const bytes = await room.read(field.source, 5 * 16_384, 16_384, 60_000);
      expect(bytes !== undefined && room.isRight(bytes, 5 * 16_384)).toBe(true);
    }
    await room.clock.run(90_000);
    for (const field of [first, ...fields]) expect(field.status().peers.length).toBeLessThanOrEqual(BOUND);
  });

  it('takes in a node that has only a magnet link and the address of one who has no room', async () => {
    const { room } = await largeRoom(0.3, 30);
    const { infoHashV2 } = image.metainfo;
    const magnet = { infoHashV2, peers: [`${FIRST}:6881`] };
    const late = await room.open('10.9.9.9', { magnet, share: 0.3, connections: BOUND });
    await room.clock.run(5_000);
    expect(late.status().peers.length).toBeGreaterThanOrEqual(3);
    expect(await room.readsAll(late)).toBe(true);
  });

  it('goes on when a third of it dies, the first with it', { timeout: 300_000 }, async () => {
    const { room, first, fields } = await largeRoom(0.4);
    await room.clock.run(20_000);
    room.network.powerOff(FIRST, 'silence');
    await first.close();
    for (let node = 0; node < NODES; node += 3) {
      room.network.powerOff(host(node), 'silence');
      await fields[node]!.close();
    }
    await room.clock.run(60_000);
    const left = fields.filter((_, node) => node % 3 !== 0);
    expect(isOneGraph(left[0]!, left)).toBe(true);
    for (const field of left.slice(0, 5)) expect(await room.readsAll(field)).toBe(true);
  });
});
