// Two hundred random rooms; a failing one is replayed by its seed.

import { expect, it } from 'vitest';
import { randomRoom } from '../../sim/faults/random-room.ts';

for (let from = 101; from <= 300; from += 20) {
  it(`random rooms with seeds ${from} to ${from + 19}`, { timeout: 300_000 }, async () => {
    for (let seed = from; seed < from + 20; seed++) {
      expect({ seed, ...(await randomRoom(seed)) }).toMatchObject({ seed, wrong: 0, stuck: 0 });
    }
  });
}
