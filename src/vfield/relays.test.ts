import { expect, test } from 'vitest';
import type { Peer } from './peer/peer.ts';
import { MAX_RELAYED_PIECES, Relays } from './relays.ts';

const [anna, ben] = [{} as Peer, {} as Peer];
const block = (piece: number, begin = 0) => ({ piece, begin, length: 16_384 });

function makeRelays() {
  const demanded = new Map<number, () => void>();
  const served: [Peer, number, number][] = [];
  const relays = new Relays(
    (piece, arrived) => {
      demanded.set(piece, arrived);
      return () => demanded.delete(piece);
    },
    (peer, { piece, begin }) => served.push([peer, piece, begin]),
  );
  return { relays, demanded, served };
}

test('one fetch for all who wait; each gets the blocks that it asked for', () => {
  const { relays, demanded, served } = makeRelays();
  relays.add(anna, block(7));
  relays.add(ben, block(7, 16_384));
  relays.add(anna, block(8));
  expect([...demanded.keys()]).toEqual([7, 8]);
  demanded.get(7)!();
  expect(served).toEqual([
    [anna, 7, 0],
    [ben, 7, 16_384],
  ]);
});

test('when the last one cancels or goes, the fetch is forgotten', () => {
  const { relays, demanded } = makeRelays();
  relays.add(anna, block(7));
  relays.add(anna, block(7, 16_384));
  relays.add(ben, block(7));
  relays.add(ben, block(9));
  relays.cancel(anna, block(7));
  relays.onGone(ben);
  expect([...demanded.keys()]).toEqual([7]);
  relays.cancel(anna, block(7, 16_384));
  expect(demanded.size).toBe(0);
});

test('the number of pieces is bounded', () => {
  const { relays } = makeRelays();
  for (let piece = 0; piece < MAX_RELAYED_PIECES; piece++) expect(relays.add(anna, block(piece))).toBe(true);
  expect(relays.add(anna, block(MAX_RELAYED_PIECES))).toBe(false);
  expect(relays.add(ben, block(0))).toBe(true);
});
