import { beforeAll, describe, expect, it } from 'vitest';
import { startFakePeer } from '../../sim/faults/fake-peer.ts';
import { makeImage, type TestImage } from '../../sim/image.ts';
import { Room } from '../../sim/room.ts';
import { encodeBootTrace } from './boot-trace.ts';
import type { Field } from './field.ts';
import { formatMagnet } from './magnet.ts';
import type { Metainfo } from './metainfo.ts';

const FIRST = '10.0.0.1';
const TWO = '10.0.0.2';
const THREE = '10.0.0.3';
const TRACE = [7, 8, 9, 0, 1, 39, 20];

let image: TestImage;
let traced: Metainfo;
beforeAll(async () => {
  image = await makeImage(40);
  traced = { ...image.metainfo, bootTrace: TRACE };
});

function magnetOf(metainfo: Metainfo): string {
  return formatMagnet({ infoHashV2: metainfo.infoHashV2, name: metainfo.name, peers: [] });
}

async function hasTrace(room: Room, field: Field, limitMs: number): Promise<boolean> {
  return room.clock.runUntil(() => field.bootTrace.length > 0, limitMs);
}

describe('the boot trace', () => {
  it('comes to who knows a magnet link only, and goes on from there when the first is gone', async () => {
    const room = new Room(image);
    const first = await room.openFirst(FIRST, { metainfo: traced });
    const two = await room.open(TWO, { magnet: magnetOf(traced), peers: [`${FIRST}:6881`], share: 1 });
    expect(await hasTrace(room, two, 1_000)).toBe(true);
    expect(two.bootTrace).toEqual(TRACE);
    await first.close();
    room.network.powerOff(FIRST);
    const three = await room.open(THREE, { magnet: magnetOf(traced), peers: [`${TWO}:6881`], share: 1 });
    expect(await hasTrace(room, three, 1_000)).toBe(true);
    expect(three.bootTrace).toEqual(TRACE);
    expect(three.status().bootTracePieces).toBe(TRACE.length);
  });

  it('of the own metainfo is not asked for', async () => {
    const room = new Room(image);
    await room.openFirst(FIRST, { metainfo: { ...image.metainfo, bootTrace: [1] } });
    const two = await room.open(TWO, { metainfo: traced, peers: [`${FIRST}:6881`] });
    await room.clock.run(1_000);
    expect(two.bootTrace).toEqual(TRACE);
    expect(room.logs.some((line) => /boot trace of/.test(line))).toBe(false);
  });

  it.each([
    ['a broken one', Uint8Array.of(0, 0, 0, 1), 500],
    ['none after all', 'silent', 6_000],
  ] as const)(
    'comes from the next member when the first asked gives %s; that one stays a peer',
    async (_, trace, ms) => {
      const room = new Room(image);
      const { clock, network } = room;
      const behaviour = 'honest';
      await startFakePeer({ transport: network.transport(TWO), clock, image, behaviour, member: true, trace });
      const node = await room.open(THREE, { peers: [`${TWO}:6881`] });
      expect(await clock.runUntil(() => node.status().peers.length === 1, 1_000)).toBe(true);
      await clock.run(100);
      await room.openFirst(FIRST, { metainfo: traced, peers: [`${THREE}:6881`] });
      expect(await hasTrace(room, node, ms)).toBe(true);
      expect(node.bootTrace).toEqual(TRACE);
      expect(node.status().peers.length).toBe(2);
    },
  );

  it('is taken from a member that answers late', async () => {
    const room = new Room(image);
    const { clock, network } = room;
    const trace = encodeBootTrace(TRACE, image.metainfo.pieceCount);
    const member = { clock, image, behaviour: 'honest', member: true } as const;
    await startFakePeer({ ...member, transport: network.transport(TWO), trace, traceDelayMs: 10_000 });
    const node = await room.open(THREE, { peers: [`${TWO}:6881`] });
    expect(await hasTrace(room, node, 9_000)).toBe(false);
    expect(await hasTrace(room, node, 2_000)).toBe(true);
    expect(node.bootTrace).toEqual(TRACE);
  });

  it('of a metainfo that is broken there is said so in the log, and the image is served', async () => {
    const room = new Room(image);
    const bootTraceRefusal = 'boot trace: piece 7 comes twice';
    const first = await room.openFirst(FIRST, { metainfo: { ...image.metainfo, bootTraceRefusal } });
    expect(room.logs.some((line) => line.includes(bootTraceRefusal))).toBe(true);
    const two = await room.open(TWO, { peers: [`${FIRST}:6881`] });
    expect(await room.readsAll(two)).toBe(true);
    expect([first.bootTrace, two.bootTrace]).toEqual([[], []]);
  });
});
