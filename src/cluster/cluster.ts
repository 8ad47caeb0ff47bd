// Cluster: the machines of a room that know each other, as the rune host, the field and the boot service see them. Weak consistency: each
// member has its own view, and views agree within seconds. Interface only; who keeps it is ./connect.ts, and for tests ./memory.ts.

/** One machine as the membership knows it. Everything in it is that machine's own claim; that it holds the room's key is proved. */
export interface Member {
  /** Unique for one start of one machine: a machine that was restarted is a new member. */
  readonly id: string;
  /** The host name, alike at each start. */
  readonly name: string;
  readonly address: string;
  /** Milliseconds since 1970 by the member's own clock: when it started. */
  readonly since: number;
  /** What is true of the machine: role, field port, info hash. Short texts. */
  readonly labels: Labels;
  readonly offers: readonly Offer[];
}

export type Labels = Readonly<Record<string, string>>;

/** An interface that a rune of the member answers for, to the whole room. */
export interface Offer {
  readonly name: string;
  readonly version: number;
  readonly labels: Labels;
  /** 0 idle, 1 full, more is overload; undefined when the rune does not say. */
  readonly load?: number;
}

/** `left` is a farewell, `lost` a member that fell silent. Both are final for that id. */
export type MemberChange = {
  readonly kind: 'joined' | 'changed' | 'left' | 'lost';
  readonly member: Member;
};

/** A call to an interface of another member. Plain data (../runes/contract/plain-data.ts). */
export interface RemoteCall {
  readonly interfaceName: string;
  readonly version: number;
  readonly method: string;
  readonly request: unknown;
}

export interface RemoteEvent {
  readonly interfaceName: string;
  readonly version: number;
  readonly event: string;
  readonly data: unknown;
}

/** What the owner of a cluster answers with. A rejection crosses as its code and message. */
export interface ClusterHandlers {
  call(from: Member, call: RemoteCall): Promise<unknown>;
  event(from: Member, event: RemoteEvent): void;
}

export interface Cluster {
  /** This machine, as the others see it. */
  readonly self: Member;
  /** All live members, this one among them, in the order of their ids. */
  members(): readonly Member[];
  /** Tells each change once; returns what ends it. Listeners must not throw. */
  onChange(listener: (change: MemberChange) => void): () => void;
  /** Makes others see new labels and offers of this machine, within seconds. */
  describe(change: { readonly labels?: Labels; readonly offers?: readonly Offer[] }): void;
  /**
   * Asks one member.
   * @throws ViverError What the other side gave; CLUSTER_GONE when the member is not (or no longer) there, CLUSTER_TIMEOUT, CLUSTER_TOO_LARGE.
   */
  call(memberId: string, call: RemoteCall, timeoutMs: number): Promise<unknown>;
  /** Tells an event to all other members that listen to it; at most once, no answer. */
  emit(event: RemoteEvent): void;
  /** The interfaces whose events this machine wants from the others; replaces the earlier list. */
  listen(interfaces: readonly { readonly name: string; readonly version: number }[]): void;
  /** Tries these addresses too: the field has met a peer. Known ones cost nothing. */
  meet(addresses: readonly string[]): void;
  /** Says farewell and closes all. */
  leave(): Promise<void>;
}

/** What a machine needs to be a member. */
export interface JoinOptions {
  /** 32 bytes: who has them is of the room. */
  readonly key: Uint8Array;
  readonly name: string;
  /** IPv4 address that the others reach this machine by. */
  readonly address: string;
  /** TCP (and UDP) port that members listen on; the same in the whole room. */
  readonly port: number;
  /** Where to look first: `ADDRESS` or `ADDRESS:PORT`; the boot server, field peers.. */
  readonly seeds: readonly string[];
  readonly labels: Labels;
  readonly handlers: ClusterHandlers;
}
