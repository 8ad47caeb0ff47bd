// Who of the room keeps a service that one machine keeps for all, such as the boot server: each member decides from its own view, and views agree within
// seconds. No consensus: two for a moment is fine, for a service that gives the same answers on both. Pure: time comes in.

import type { Labels, Member } from './cluster.ts';

const YES = 'yes';

/** Labels by which the others see what a member can and does. */
export function candidateLabels(service: string, isServing: boolean): Labels {
  return { [`${service}.candidate`]: YES, ...(isServing ? { [`${service}.serving`]: YES } : {}) };
}

/**
 * The id of the member that is to keep `service`: who keeps it already, so that no newcomer moves it; of two, and when nobody does, the lowest id. undefined when
 * nobody can.
 */
export function choose(members: readonly Member[], service: string): string | undefined {
  const candidates = members.filter(({ labels }) => labels[`${service}.candidate`] === YES);
  const serving = candidates.filter(({ labels }) => labels[`${service}.serving`] === YES);
  const ids = (serving.length > 0 ? serving : candidates).map(({ id }) => id);
  return ids.sort()[0];
}

/** This machine as a candidate. Owns since when the choice has been on it. */
export class Candidacy {
  readonly #service: string;
  readonly #settleMs: number;
  #chosenAt: number | undefined;

  /** @param settleMs So long the choice must be on this machine before it begins: who joins sees first who is there. */
  constructor(service: string, settleMs: number) {
    this.#service = service;
    this.#settleMs = settleMs;
  }

  /**
   * Whether this machine is to keep the service now. To be asked at each change of the room, and again after `settleMs`.
   * @param now Milliseconds of a monotonic clock.
   */
  decide(members: readonly Member[], selfId: string, now: number): boolean {
    if (choose(members, this.#service) !== selfId) {
      this.#chosenAt = undefined;
      return false;
    }
    this.#chosenAt ??= now;
    const self = members.find(({ id }) => id === selfId);
    return self?.labels[`${this.#service}.serving`] === YES || now - this.#chosenAt >= this.#settleMs;
  }
}
