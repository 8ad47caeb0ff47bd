import { beforeAll, describe, expect, it } from 'vitest';
import { makeImage, Room, type TestImage } from '../../test/field/room.ts';

let image: TestImage;
beforeAll(async () => {
  image = await makeImage(60);
});

describe('a room', () => {
  it('goes on without the first, once the shares together hold the image', async () => {
    const room = new Room(image);
    const first = await room.openFirst('10.0.0.1');
    const two = await room.open('10.0.0.2', { share: 0.75, peers: ['10.0.0.1:6881'] });
    const three = await room.open('10.0.0.3', { share: 0.75, peers: ['10.0.0.1:6881'] });
    const settled = await room.clock.runUntil(() => two.status().copies.min >= 1, 10_000);
    expect(settled, JSON.stringify([two.status(), three.status()], null, 1)).toBe(true);
    expect(three.status().copies.min).toBeGreaterThanOrEqual(1);
    await first.close();
    room.network.powerOff('10.0.0.1');
    expect(await room.readsAll(two)).toBe(true);
    expect(await room.readsAll(three)).toBe(true);
    expect(two.status().held).toBeLessThanOrEqual(45);
  });
});
