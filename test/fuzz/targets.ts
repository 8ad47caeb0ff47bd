// All that is fuzzed, by name.

import { metainfoDecoders, peerDecoders } from './decoders.ts';
import { metainfoTarget } from './metainfo-target.ts';
import { nbdTarget } from './nbd-target.ts';
import { swarmTarget } from './swarm-target.ts';
import type { Target } from './target.ts';

export const targets: Readonly<Record<string, Target>> = {
  'peer-decoders': peerDecoders,
  'metainfo-decoders': metainfoDecoders,
  swarm: swarmTarget,
  metainfo: metainfoTarget,
  nbd: nbdTarget,
};
