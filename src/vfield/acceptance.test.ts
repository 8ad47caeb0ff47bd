// Pieces whose check takes a while, in a room on the virtual clock.

import { beforeAll, expect, it } from 'vitest';
import { startFakePeer } from '../../sim/faults/fake-peer.ts';
import { makeImage, PIECE_BYTES, type TestImage } from '../../sim/image.ts';
import { Room } from '../../sim/room.ts';
import type { MakeChecker } from './checking/piece-checker.ts';
import { isPieceGood } from './merkle.ts';

const [FIRST, TWO, THREE] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;
const CHECK_MS = 5_000;

let image: TestImage;
beforeAll(async () => {
  image = await makeImage(160);
});

/** One that needs so long for each piece, and never knows why one is bad. */
function slowChecker(room: Room, checkMs: number): { make: MakeChecker; waiting: number } {
  const checker = {
    waiting: 0,
    make: ((file) => ({
      check: (piece, bytes, done) => {
        checker.waiting++;
        room.clock.setTimeout(() => {
          checker.waiting--;
          done(isPieceGood(file, piece, bytes));
        }, checkMs);
      },
      prepare: () => {},
      close: () => {},
    })) as MakeChecker,
  };
  return checker;
}

it('keeps all that is good, and bans who lies, when verdicts come late', async () => {
  const room = new Room(image);
  const { clock, network } = room;
  await startFakePeer({ transport: network.transport(TWO), clock, image, behaviour: 'liar', member: true });
  await room.openFirst(FIRST);
  const { make } = slowChecker(room, 20);
  const node = await room.open(THREE, { share: 1.2, peers: [`${TWO}:6881`, `${FIRST}:6881`], makeChecker: make });
  expect(await clock.runUntil(() => node.status().kept === image.metainfo.pieceCount, 60_000)).toBe(true);
  expect(node.status().peers.some(({ address }) => address === `${TWO}:6881`)).toBe(false);
  expect(await room.readsAll(node)).toBe(true);
});

it('lets no reader wait for a verdict: a piece that is being checked is checked at once', async () => {
  const room = new Room(image);
  await room.openFirst(FIRST);
  const checker = slowChecker(room, CHECK_MS);
  const node = await room.open(TWO, { share: 1.2, peers: [`${FIRST}:6881`], makeChecker: checker.make });
  await room.clock.runUntil(() => checker.waiting > 0, 10_000);
  await room.clock.run(200);
  const before = room.clock.now();
  for (let piece = 0; piece < 20; piece++)
    expect(await room.read(node.source, piece * PIECE_BYTES, 4096, CHECK_MS)).toBeDefined();
  expect(room.clock.now() - before).toBeLessThan(CHECK_MS / 5);
  // The late verdicts on those pieces change nothing.
  await room.clock.run(2 * CHECK_MS);
  expect(await room.readsAll(node)).toBe(true);
});

it('finds a slot for a read while all background pieces wait for their verdict', async () => {
  const room = new Room(image);
  await room.openFirst(FIRST);
  const checker = slowChecker(room, CHECK_MS);
  const node = await room.open(TWO, { share: 0.05, peers: [`${FIRST}:6881`], makeChecker: checker.make });
  await room.clock.run(1_000);
  expect(checker.waiting).toBeGreaterThan(0);
  const before = room.clock.now();
  for (let piece = 100; piece < 130; piece++)
    expect(await room.read(node.source, piece * PIECE_BYTES, 4096, CHECK_MS)).toBeDefined();
  expect(room.clock.now() - before).toBeLessThan(CHECK_MS / 5);
});
