// What goes wrong in a run, from its seed: the network's conditions, which bad peers take part, and what happens in each step. Pure.

import { Chance } from '../chance.ts';
import type { RoomOptions } from '../room.ts';
import type { FakePeerOptions } from './fake-peer.ts';

export type Behaviour = FakePeerOptions['behaviour'];

/** One thing that happens. */
export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'powerOff'; readonly host: string; readonly end: 'reset' | 'silence' }
  | { readonly kind: 'powerOn'; readonly host: string }
  /** Nothing passes between these and all other hosts. */
  | { readonly kind: 'cut'; readonly hosts: readonly string[] }
  | { readonly kind: 'heal' }
  | { readonly kind: 'slow'; readonly host: string }
  | { readonly kind: 'fast'; readonly host: string };

export interface FaultPlan {
  readonly seed: number;
  readonly network: Omit<RoomOptions, 'seed'>;
  /** By the host that they are on. */
  readonly badPeers: ReadonlyMap<string, Behaviour>;
  readonly steps: readonly { readonly fault: Fault; readonly forMs: number }[];
  /** Before the last holder returns. */
  readonly awayMs: number;
}

/** The first has the image on its medium. */
export const HOSTS: readonly string[] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'];
export const FIRST = HOSTS[0]!;
const BAD_HOSTS = ['10.0.1.1', '10.0.1.2'];
const BEHAVIOURS: readonly Behaviour[] = ['liar', 'silent', 'refuser', 'babbler', 'nonsense', { endAfterBlocks: 20 }];
const STEPS = 40;

export function planFaults(seed: number): FaultPlan {
  const chance = new Chance(seed);
  const badPeers = BAD_HOSTS.filter(() => chance.next() < 0.5).map((host) => [host, chance.pick(BEHAVIOURS)] as const);
  const latencyMs = chance.logUniform(0.05, 5);
  return {
    seed,
    network: {
      latencyMs: [latencyMs, 2 * latencyMs],
      jitterMs: chance.pick([0, 0, 0.5, 5]),
      loss: chance.pick([0, 0, 0.0005, 0.005]),
      ...(chance.next() < 0.5 ? { chunkSeed: seed } : {}),
    },
    badPeers: new Map(badPeers),
    steps: Array.from({ length: STEPS }, () => ({ fault: faultOf(chance), forMs: chance.integer(20, 420) })),
    awayMs: chance.logUniform(2_000, 120_000),
  };
}

function faultOf(chance: Chance): Fault {
  const number = chance.integer(1, 100);
  const host = chance.pick(HOSTS);
  if (number <= 14) return { kind: 'powerOff', host, end: chance.pick(['reset', 'silence']) };
  if (number <= 40) return { kind: 'powerOn', host };
  if (number <= 46) return { kind: 'cut', hosts: HOSTS.filter(() => chance.next() < 0.4) };
  if (number <= 56) return { kind: 'heal' };
  if (number <= 60) return { kind: 'slow', host };
  if (number <= 66) return { kind: 'fast', host };
  return { kind: 'none' };
}
