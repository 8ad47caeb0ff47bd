// Which machine's offer a rune gets: the name service's whole policy. Pure, so that every rule of it is a test.

import type { Member, Offer } from '../../cluster/cluster.ts';
import type { InterfaceId } from '../contract/manifest.ts';
import type { FoundOffer, Where } from '../contract/room.ts';

/**
 * The offers of `wanted` that fit, the best first. Equals are in the order of member ids, beginning with this machine's own and going round: so
 * the own machine comes first, and machines that all look for the same do not all choose the same one.
 */
export function choose(
  members: readonly Member[],
  selfId: string,
  wanted: InterfaceId,
  { host, labels = {}, by }: Where = {},
): FoundOffer[] {
  const found = fromSelfOn(members, selfId).flatMap((member) =>
    host === undefined || host === member.name || host === member.id
      ? member.offers.filter((offer) => isOf(offer, wanted)).map((offer) => foundAt(member, offer))
      : [],
  );
  const fitting = found.filter((offer) => hasAll(offer.labels, labels));
  return by === 'load' ? fitting.sort((one, other) => loadOf(one) - loadOf(other)) : fitting;
}

function fromSelfOn(members: readonly Member[], selfId: string): Member[] {
  const turn = ({ id }: Member) => (id >= selfId ? 0 : 1);
  return [...members].sort((one, other) => turn(one) - turn(other) || (one.id < other.id ? -1 : 1));
}

function isOf(offer: Offer, { name, version }: InterfaceId): boolean {
  return offer.name === name && offer.version === version;
}

function foundAt({ name, id, address, labels }: Member, offer: Offer): FoundOffer {
  const found = { host: name, memberId: id, address, labels: { ...labels, ...offer.labels } };
  return offer.load === undefined ? found : { ...found, load: offer.load };
}

function hasAll(labels: FoundOffer['labels'], wanted: FoundOffer['labels']): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

/** Larger than any load that is said, and equal to itself when subtracted. */
function loadOf({ load = Number.MAX_VALUE }: FoundOffer): number {
  return load;
}
