// The engine of src/cluster by the rules that hold for every cluster: real sockets on 127.0.0.1 and up.

import { vi } from 'vitest';
import type { JoinOptions } from '../../src/cluster/cluster.ts';
import { RoomCluster } from '../../src/cluster/room-cluster.ts';
import { silentLog } from '../../src/log.ts';
import { testCluster } from './cluster.ts';

vi.setConfig({ testTimeout: 60_000 });

testCluster(
  () => ({
    async join(options: JoinOptions) {
      const cluster = new RoomCluster(options, silentLog);
      await cluster.open();
      return cluster;
    },
    lose: (cluster) => (cluster as RoomCluster).abandon(),
    async close() {},
  }),
  { seenMs: 6000, lostMs: 15_000 },
);
