// Two hundred rooms in which everything goes wrong; a failing one is replayed by its seed.

import { expect, it } from 'vitest';
import { runFaults } from './fault-room.ts';

for (let from = 101; from <= 300; from += 20) {
  it(`rooms with seeds ${from} to ${from + 19}`, { timeout: 600_000 }, async () => {
    for (let seed = from; seed < from + 20; seed++) {
      expect(await runFaults(seed)).toMatchObject({ seed, wrong: 0, stuck: 0 });
    }
  });
}
