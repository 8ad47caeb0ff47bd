// Two links between the same two members, made at the same moment from both ends: which one stays. Both ends come to the same answer. Pure.

/** As long as both are so young, they are of one moment, if they lead to the same machine. */
const YOUNG_MS = 3000;
/** An older link that was heard within that is alive: nobody takes its member's place. */
const ALIVE_MS = 2500;

/** What the choice looks at. */
export interface Twin {
  readonly isOurs: boolean;
  readonly since: number;
  readonly heardAt: number;
  readonly remoteHost: string;
}

/** Whether the new link takes the place of the one before; `own` and `peer` are the ids of this member and the other. */
export function prefersNew(before: Twin, link: Twin, own: string, peer: string): boolean {
  const now = link.since;
  if (now - before.since > YOUNG_MS || before.remoteHost !== link.remoteHost) return now - before.heardAt > ALIVE_MS;
  // The same end dialed twice: it has given its first one up.
  if (before.isOurs === link.isOurs) return true;
  return link.isOurs === own < peer;
}
