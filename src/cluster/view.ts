// View: whom this member sees in the room. Owns the members by the start of their machine, and under which life each was last lost; tells each change once. Pure.

import type { Member, MemberChange } from './cluster.ts';
import { type Description, type InterfaceName, memberOf } from './description.ts';

/** Lost members whose life is remembered; without it one could come back under the id that was lost. */
export const MAX_LOST = 4096;

interface Seen {
  readonly member: Member;
  readonly life: number;
  readonly listens: readonly InterfaceName[];
  readonly text: string;
}

export class View {
  readonly #seen = new Map<string, Seen>();
  readonly #bases = new Map<string, string>();
  readonly #lost = new Map<string, number>();
  readonly #listeners = new Set<(change: MemberChange) => void>();

  onChange(listener: (change: MemberChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Ends all telling. */
  close(): void {
    this.#listeners.clear();
  }

  get members(): Member[] {
    return [...this.#seen.values()].map(({ member }) => member);
  }

  member(base: string): Member | undefined {
    return this.#seen.get(base)?.member;
  }

  /** Which start of a machine stands behind the id of a member. */
  baseOf(id: string): string | undefined {
    return this.#bases.get(id);
  }

  /** Those who want to hear the events of an interface. */
  listeners({ name, version }: InterfaceName): string[] {
    const wants = ({ listens }: Seen) => listens.some((one) => one.name === name && one.version === version);
    return [...this.#seen].flatMap(([base, seen]) => (wants(seen) ? base : []));
  }

  /** The life under which a member was lost here. */
  lostLife(base: string): number | undefined {
    return this.#lost.get(base);
  }

  /** A member says what is true of it. Under a life that was lost it is not heard: it goes on under a new one as soon as it knows. */
  see(base: string, description: Description): void {
    const { life, listens } = description;
    const lost = this.#lost.get(base);
    const before = this.#seen.get(base);
    if ((lost !== undefined && life <= lost) || (before && life < before.life)) return;
    const member = memberOf(base, description);
    const text = JSON.stringify(member);
    if (before && life > before.life) this.#remove(base, 'lost');
    const isNew = !this.#seen.has(base);
    this.#seen.set(base, { member, life, listens, text });
    this.#bases.set(member.id, base);
    if (isNew) this.#tell({ kind: 'joined', member });
    else if (text !== before?.text) this.#tell({ kind: 'changed', member });
  }

  forget(base: string, kind: 'left' | 'lost'): void {
    const seen = this.#seen.get(base);
    if (!seen) return;
    this.#lost.delete(base);
    this.#lost.set(base, seen.life);
    if (this.#lost.size > MAX_LOST) this.#lost.delete(this.#lost.keys().next().value!);
    this.#remove(base, kind);
  }

  #remove(base: string, kind: 'left' | 'lost'): void {
    const { member } = this.#seen.get(base)!;
    this.#seen.delete(base);
    this.#bases.delete(member.id);
    this.#tell({ kind, member });
  }

  #tell(change: MemberChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
