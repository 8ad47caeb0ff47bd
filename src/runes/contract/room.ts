// What a rune sees of the room: the machines in it, and what runes on them offer to all. Weakly consistent: each machine's view is its own, and
// views agree within seconds. Pure.

import type { output } from 'zod/v4/core';
import type { Labels, Member, MemberChange } from '../../cluster/cluster.ts';
import { ViverError } from '../../errors.ts';
import type { AnyInterface, Client } from './interface.ts';

export type { Labels, Member, MemberChange };

/** Which of the machines that offer an interface are meant; without it any of them. */
export interface Where {
  /** A machine's name, or a member's id. */
  readonly host?: string;
  /** All of these are true of the offer, or of its machine. */
  readonly labels?: Labels;
  /** The least loaded first; who says no load comes last. Without it the own machine first. */
  readonly by?: 'load';
}

/** An offer that was found, as plain data. */
export interface FoundOffer {
  readonly host: string;
  readonly memberId: string;
  readonly address: string;
  /** The machine's labels, and over them the offer's. */
  readonly labels: Labels;
  readonly load?: number;
}

/** An offer that was found, and the way to ask it. */
export interface Found<I extends AnyInterface> extends FoundOffer {
  readonly ask: Client<I>;
}

/** What is true of an own offer now; what is left out stays as it was. */
export interface OfferLabels {
  readonly labels?: Labels;
  /** 0 idle, 1 full, more is overload. */
  readonly load?: number;
}

export type RoomListener<I extends AnyInterface, K extends keyof I['events'] & string> = (
  data: output<I['events'][K]>,
  from: Member,
) => void;

/** Labels travel with every view of the room: they are few and short. */
export const MAX_LABELS = 32;
export const MAX_LABEL_CHARACTERS = 256;

/**
 * Checks what a rune says of its offer.
 * @param what For the error: `rune load-balancer labels load-balancer`.
 * @throws ViverError RUNES_BAD_LABEL.
 */
export function checkOfferLabels({ labels = {}, load = 0 }: OfferLabels, what: string): void {
  const entries = Object.entries(labels);
  const isShort = (text: unknown) => typeof text === 'string' && text.length <= MAX_LABEL_CHARACTERS;
  const wrong = entries.find((pair) => !pair.every(isShort));
  if (entries.length > MAX_LABELS) throw new ViverError('RUNES_BAD_LABEL', `${what}: more than ${MAX_LABELS} labels`);
  if (wrong) {
    const reason = `is no text of at most ${MAX_LABEL_CHARACTERS} characters`;
    throw new ViverError('RUNES_BAD_LABEL', `${what}: ${wrong[0].slice(0, MAX_LABEL_CHARACTERS)} ${reason}`);
  }
  if (!Number.isFinite(load) || load < 0) throw new ViverError('RUNES_BAD_LABEL', `${what}: load ${load} is none`);
}
