// What a stranger may not do: make a node remember without end, or work for nothing.

import { beforeAll, describe, expect, it } from 'vitest';
import { makeImage, type TestImage } from '../../sim/image.ts';
import { Room } from '../../sim/room.ts';
import { encodeExtendedHandshake } from './peer/extension.ts';
import { encodeHandshake } from './peer/handshake.ts';
import { encodeMessage, type Message } from './peer/messages.ts';

const FIRST = '10.0.0.1';

let image: TestImage;
beforeAll(async () => {
  image = await makeImage(4);
});

/** Connects to the first as a new peer and says all that; resolves to whether the connection still stands. */
async function say(room: Room, number: number, messages: readonly Exclude<Message, { kind: 'unknown' }>[]) {
  const peerId = new TextEncoder().encode(`-XX0001-${String(number).padStart(12, '0')}`);
  let isOpen = true;
  const connecting = room.network.transport('10.0.0.66').connect(`${FIRST}:6881`, (duplex) => {
    const { infoHashV1 } = image.metainfo;
    duplex.write(encodeHandshake({ infoHash: infoHashV1, peerId, extended: true, fast: true, version2: true }));
    for (const message of messages) duplex.write(encodeMessage(message));
    const close = (): void => {
      isOpen = false;
    };
    return { onData: () => {}, onDrain: () => {}, onClose: close };
  });
  await room.clock.run(10);
  await connecting;
  return () => isOpen;
}

describe('a stranger', () => {
  it('may say what it has once, and again when it has more', async () => {
    const room = new Room(image);
    await room.openFirst(FIRST);
    expect((await say(room, 1, [{ kind: 'haveNone' }, { kind: 'have', piece: 1 }]))()).toBe(true);
    expect((await say(room, 2, [{ kind: 'haveAll' }, { kind: 'haveNone' }]))()).toBe(false);
    const some = { kind: 'bitfield', bits: Uint8Array.of(0xc0) } as const;
    expect((await say(room, 3, [some, { kind: 'bitfield', bits: Uint8Array.of(0x30) }]))()).toBe(false);
    expect((await say(room, 4, [{ kind: 'haveNone' }, some, { kind: 'haveAll' }]))()).toBe(true);
    expect((await say(room, 5, [{ kind: 'haveAll' }, { kind: 'haveAll' }]))()).toBe(false);
  });

  it('has one port, whatever it says later, and a name that can be shown', async () => {
    const room = new Room(image);
    const first = await room.openFirst(FIRST);
    const hello = (port: number) => {
      const client = `evil\n[  0.0] kernel: all is well ${'x'.repeat(100_000)}`;
      return {
        kind: 'extended',
        extension: 0,
        payload: encodeExtendedHandshake({ extensions: {}, port, client }),
      } as const;
    };
    await say(room, 1, [hello(7001), hello(7002), hello(7003)]);
    const [peer] = first.status().peers;
    expect(peer).toMatchObject({ address: '10.0.0.66:7001' });
    expect(peer!.client).toMatch(/^evil\[ {2}0\.0\] kernel: all is well x+$/);
    expect(peer!.client.length).toBe(64);
    expect(room.logs.filter((line) => line.includes('evil')).length).toBe(1);
    await room.clock.run(10_000);
    expect(room.logs.some((line) => line.includes(':7002'))).toBe(false);
  });

  it('is counted alone only as long as there are few', async () => {
    const room = new Room(image);
    const first = await room.openFirst(FIRST);
    const block = { kind: 'piece', piece: 0, begin: 0, bytes: new Uint8Array(10) } as const;
    for (let number = 0; number < 300; number++)
      await say(room, number, [block, { kind: 'haveAll' }, { kind: 'haveAll' }]);
    const { peers } = first.status().bytesFrom;
    expect(Object.keys(peers).length).toBe(257);
    expect(peers.others).toBe(440);
  });
});
