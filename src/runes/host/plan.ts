// The planner: from the manifests of the runes that a role names to the order in which they start. Every fault is named before anything
// starts; a faulty rune, and whoever needs it, is left out and the rest of the room goes on. Pure.

import { formatInterface, type InterfaceId, type RuneManifest } from '../contract/manifest.ts';

export type FaultKind = 'twice' | 'two-offers' | 'missing-need' | 'cycle';

/** Why a rune does not start; `message` is one line that names both ends. */
export interface PlanFault {
  readonly kind: FaultKind;
  readonly rune: string;
  readonly message: string;
}

export interface RunePlan {
  /** Runes of one level start at the same time, when all of the level before have started. */
  readonly levels: readonly (readonly string[])[];
  /** Interface name -> rune that offers it. */
  readonly providers: ReadonlyMap<string, string>;
  readonly faults: readonly PlanFault[];
}

/**
 * Plans the start of `manifests`, given in the order of the role table.
 * @param hostOffers Interfaces that the host process offers itself (`field`).
 */
export function planRunes(manifests: readonly RuneManifest[], hostOffers: readonly InterfaceId[] = []): RunePlan {
  const faults: PlanFault[] = [];
  const offered = withoutSecondOffers(manifests, hostOffers, faults);
  const satisfied = withoutMissingNeeds(offered, hostOffers, faults);
  const { levels, stuck } = sortByNeeds(satisfied);
  for (const fault of stuckFaults(stuck)) faults.push(fault);
  const started = new Set(levels.flat());
  const providers = new Map<string, string>();
  for (const manifest of satisfied) {
    if (started.has(manifest.name)) for (const { name } of manifest.offers) providers.set(name, manifest.name);
  }
  return { levels, providers, faults };
}

/** The first rune of a name, and the first offer of an interface, in the order of the role table, stay. */
function withoutSecondOffers(
  manifests: readonly RuneManifest[],
  hostOffers: readonly InterfaceId[],
  faults: PlanFault[],
): RuneManifest[] {
  const owner = new Map(hostOffers.map(({ name }) => [name, 'the host']));
  const kept = new Map<string, RuneManifest>();
  for (const manifest of manifests) {
    const { name: rune } = manifest;
    const second = manifest.offers.find(({ name }) => owner.has(name));
    if (kept.has(rune)) {
      faults.push({ kind: 'twice', rune, message: `rune ${rune} is there twice (${manifest.origin})` });
    } else if (second) {
      const message = `rune ${rune} offers ${formatInterface(second)}, which ${owner.get(second.name)} offers already`;
      faults.push({ kind: 'two-offers', rune, message });
    } else {
      kept.set(rune, manifest);
      for (const { name } of manifest.offers) owner.set(name, rune);
    }
  }
  return [...kept.values()];
}

/** Leaves out runes whose needs nobody offers, again and again, since leaving one out may take an offer away. */
function withoutMissingNeeds(
  manifests: readonly RuneManifest[],
  hostOffers: readonly InterfaceId[],
  faults: PlanFault[],
): RuneManifest[] {
  let kept = [...manifests];
  for (;;) {
    const offers = [...hostOffers, ...kept.flatMap((manifest) => manifest.offers)];
    const isOffered = (need: InterfaceId) =>
      offers.some((offer) => offer.name === need.name && offer.version === need.version);
    const faulty = kept.filter((manifest) => !manifest.needs.every(isOffered));
    if (faulty.length === 0) return kept;
    for (const { name: rune, needs } of faulty) {
      for (const need of needs.filter((id) => !isOffered(id))) {
        faults.push({ kind: 'missing-need', rune, message: missingNeed(rune, need, offers, manifests) });
      }
    }
    kept = kept.filter((manifest) => !faulty.includes(manifest));
  }
}

function missingNeed(
  rune: string,
  need: InterfaceId,
  offers: readonly InterfaceId[],
  all: readonly RuneManifest[],
): string {
  const other = offers.find(({ name }) => name === need.name);
  const leftOut = all.find((manifest) => manifest.offers.some(({ name }) => name === need.name));
  const why = other
    ? `only ${formatInterface(other)} is offered`
    : leftOut
      ? `rune ${leftOut.name}, which offers it, is left out`
      : 'no rune of this role offers it';
  return `rune ${rune} needs ${formatInterface(need)}: ${why}`;
}

/** Kahn's algorithm by levels; inside a level the order of the role table stays. */
function sortByNeeds(manifests: readonly RuneManifest[]): { levels: string[][]; stuck: Map<string, string[]> } {
  const waiting = new Map(manifests.map((manifest) => [manifest.name, predecessors(manifest, manifests)]));
  const levels: string[][] = [];
  for (;;) {
    const ready = [...waiting].filter(([, before]) => before.every((name) => !waiting.has(name))).map(([name]) => name);
    if (ready.length === 0) return { levels, stuck: waiting };
    levels.push(ready);
    for (const name of ready) waiting.delete(name);
  }
}

/** Runes that must have started before `manifest`. A rune that both needs and offers an interface waits for itself: a cycle. */
function predecessors(manifest: RuneManifest, all: readonly RuneManifest[]): string[] {
  const needed = new Set(manifest.needs.map(({ name }) => name));
  const byNeed = all.filter(({ offers }) => offers.some(({ name }) => needed.has(name)));
  const byOrder = all.filter(({ name }) => manifest.after.includes(name));
  return [...new Set([...byNeed, ...byOrder].map(({ name }) => name))];
}

/** Names each cycle once, and each rune that only waits behind one. */
function* stuckFaults(stuck: ReadonlyMap<string, readonly string[]>): Generator<PlanFault> {
  for (const rune of stuck.keys()) {
    const cycle = cycleThrough(rune, stuck);
    const before = stuck.get(rune)?.filter((name) => stuck.has(name)) ?? [];
    const message = cycle
      ? `rune ${rune} waits for itself: ${cycle.join(' -> ')}`
      : `rune ${rune} waits for ${before.join(', ')}, which can't start`;
    yield { kind: 'cycle', rune, message };
  }
}

/** The shortest way from `rune` along "waits for" back to `rune`; undefined when it is on no cycle. */
function cycleThrough(rune: string, waits: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const queue: string[][] = [[rune]];
  const seen = new Set<string>();
  for (const path of queue) {
    for (const next of waits.get(path.at(-1) ?? '') ?? []) {
      if (next === rune) return [...path, rune];
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...path, next]);
    }
  }
  return undefined;
}
