// After the handover: the runes that serve the room.

import type { Facts } from '../src/runes/contract/facts.ts';
import { type RunningRunes, startRuneHost } from '../src/runes/host/start.ts';
import type { RuneFolder } from '../src/runes/roles/rune-folder.ts';
import type { Field } from '../src/vfield/field.ts';
import { encodeMetainfo, type Metainfo } from '../src/vfield/metainfo.ts';
import type { BootContext } from './context.ts';

/** Starts the role's serve runes in their own thread. */
export function serve(
  { log }: BootContext,
  facts: Facts,
  folders: readonly RuneFolder[],
  field: Field,
): Promise<RunningRunes> {
  return startRuneHost({
    role: facts.role,
    stage: 'serve',
    facts,
    folders,
    log: log.child('runes'),
    inWorker: true,
    services: { field: fieldService(facts, field) },
  });
}

/** The field as runes reach it: by messages to this thread. */
function fieldService({ field: facts }: Facts, field: Field) {
  return {
    status: () => field.status(),
    magnet: () => ({ magnet: facts?.magnet ?? '' }),
    peers: () => ({ peers: field.status().peers.map(({ address }) => address) }),
    metainfo: () => ({ bytes: encodeMetainfo(withBootTrace(field)) }),
  };
}

/** A node that came by a magnet link has its boot trace from a member. */
function withBootTrace({ metainfo, bootTrace }: Field): Metainfo {
  return bootTrace.length > 0 ? { ...metainfo, bootTrace } : metainfo;
}
