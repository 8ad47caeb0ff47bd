// The tracker of a running swarm: what it names is who the swarm is connected to, and who announces becomes known to the swarm.

import type { Clock } from '../clock.ts';
import { infoHashesOf } from '../info-hashes.ts';
import type { Metainfo } from '../metainfo.ts';
import type { Peer } from '../peer/peer.ts';
import type { Swarm } from '../swarm.ts';
import { Tracker } from './tracker.ts';

export function swarmTracker(swarm: Swarm, metainfo: Metainfo, clock: Clock): Tracker {
  const { connections } = swarm;
  const members = (): Peer[] => Array.from(connections.peers.values()).filter(({ member }) => member);
  const hasWhole = (): boolean => swarm.local !== undefined || swarm.store.kept.count === metainfo.pieceCount;
  return new Tracker({
    clock,
    infoHashes: infoHashesOf(metainfo),
    peers: () => {
      const others = Array.from(connections.peers.values()).filter(({ member }) => !member);
      return [...members(), ...others].flatMap(({ dialAddress }) => dialAddress ?? []);
    },
    nodes: () => {
      const whole = members().filter(({ has }) => has.count === has.size).length + (hasWhole() ? 1 : 0);
      return { whole, part: members().length + 1 - whole };
    },
    onClient: (address, infoHash) => connections.announced(address, infoHash),
  });
}
