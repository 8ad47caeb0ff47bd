import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prefersNew } from './twins.ts';

const young = fc.integer({ min: 0, max: 900 });

test('of two links made at one moment from both ends, both ends keep the same', () => {
  fc.assert(
    fc.property(young, young, young, young, (a1, a2, b1, b2) => {
      // Link 1 was made by `a`, link 2 by `b`; each end meets them in its own order.
      const end = (own: string, peer: string, at1: number, at2: number): number => {
        const links = [
          { number: 1, isOurs: own === 'a', since: at1, heardAt: at1, remoteHost: 'x' },
          { number: 2, isOurs: own === 'b', since: at2, heardAt: at2, remoteHost: 'x' },
        ].sort((x, y) => x.since - y.since || x.number - y.number);
        return prefersNew(links[0]!, links[1]!, own, peer) ? links[1]!.number : links[0]!.number;
      };
      expect(end('a', 'b', a1, a2)).toBe(end('b', 'a', b1, b2));
    }),
  );
});

test('nobody takes the place of a member that is heard', () => {
  const before = { isOurs: true, since: 0, heardAt: 59_000, remoteHost: '10.0.0.1' };
  const link = { isOurs: false, since: 60_000, heardAt: 60_000, remoteHost: '10.0.0.1' };
  expect(prefersNew(before, link, 'a', 'b')).toBe(false);
  expect(prefersNew({ ...before, heardAt: 56_000 }, link, 'a', 'b')).toBe(true);
  // Just linked, and somebody elsewhere says that it is he.
  expect(prefersNew({ ...before, since: 59_000 }, { ...link, remoteHost: '10.0.0.9' }, 'a', 'b')).toBe(false);
});
