// MemoryHub: a room in one process, for tests and for runes on the desk. Each member keeps a view of its own; what one tells another takes
// `delayMs`, a silent member is missed after `noticeMs`, and a partition cuts both. Owns who is on, and who reaches whom.

import { randomUUID } from 'node:crypto';
import type { Cluster, JoinOptions } from './cluster.ts';
import { MemoryMember } from './memory-member.ts';

export interface HubOptions {
  /** One way from member to member, in milliseconds. */
  readonly delayMs?: number;
  /** Until a member that fell silent counts as lost, in milliseconds. */
  readonly noticeMs?: number;
}

export class MemoryHub {
  readonly #members = new Set<MemoryMember>();
  /** Members of one group reach each other; who is in no group is in the group ''. */
  readonly #groups = new Map<MemoryMember, string>();
  readonly #delayMs: number;
  readonly #noticeMs: number;

  constructor({ delayMs = 1, noticeMs = 20 }: HubOptions = {}) {
    this.#delayMs = delayMs;
    this.#noticeMs = noticeMs;
  }

  /** A member that is alone until a seed, its own or another's, leads to one with the same key. */
  async join(options: JoinOptions): Promise<Cluster> {
    const member = new MemoryMember(this, options, randomUUID());
    this.#members.add(member);
    this.gossip();
    return member;
  }

  /** Pulls the plug of a member: nothing is said any more, and nothing heard. */
  lose(cluster: Cluster): void {
    const member = cluster as MemoryMember;
    this.#members.delete(member);
    member.close();
    setTimeout(() => this.#drop(member), this.#noticeMs);
  }

  /** Cuts the room: the members given reach each other alone. */
  cut(group: string, clusters: readonly Cluster[]): void {
    for (const cluster of clusters) this.#groups.set(cluster as MemoryMember, group);
    setTimeout(() => {
      for (const member of this.#members) this.#drop(member);
    }, this.#noticeMs);
  }

  /** One room again. Whoever was missed by somebody comes back under a new id: `lost` is final. */
  heal(): void {
    for (const [member, group] of this.#groups) {
      if (group !== '' && this.#members.has(member)) member.rename(randomUUID());
    }
    this.#groups.clear();
    this.gossip();
  }

  /** Makes all see each other who know of each other, directly or through others. */
  gossip(): void {
    this.later(() => {
      for (const member of this.#members) {
        for (const other of this.#circleOf(member)) other.see(member.self);
      }
    });
  }

  /** Tells `work` to all who have `from` in view and are reached by it. */
  tell(from: MemoryMember, work: (to: MemoryMember) => void): void {
    this.later(() => {
      for (const member of this.#members) {
        if (member !== from && member.knows(from.self.id) && this.reaches(from, member)) work(member);
      }
    });
  }

  /** The member of that id, if `from` reaches it now. */
  find(from: MemoryMember, id: string): MemoryMember | undefined {
    return [...this.#members].find((member) => member.self.id === id && this.reaches(from, member));
  }

  reaches(one: MemoryMember, other: MemoryMember): boolean {
    const areOn = this.#members.has(one) && this.#members.has(other);
    return areOn && this.#groupOf(one) === this.#groupOf(other) && one.hasKeyOf(other);
  }

  /** A farewell has been said. */
  remove(member: MemoryMember): void {
    this.#members.delete(member);
  }

  later(work: () => void): void {
    setTimeout(work, this.#delayMs);
  }

  #groupOf(member: MemoryMember): string {
    return this.#groups.get(member) ?? '';
  }

  #circleOf(member: MemoryMember): ReadonlySet<MemoryMember> {
    const circle = new Set([member]);
    for (const one of circle) {
      for (const other of this.#members) {
        if (this.reaches(one, other) && (one.looksFor(other) || other.looksFor(one))) circle.add(other);
      }
    }
    return circle;
  }

  /** Takes `gone` out of every view that does not reach it any more. */
  #drop(gone: MemoryMember): void {
    for (const member of this.#members) {
      if (member !== gone && !this.reaches(member, gone)) member.forget(gone.self.id, 'lost');
    }
  }
}
