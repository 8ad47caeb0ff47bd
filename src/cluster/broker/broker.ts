// Broker: Moleculer's service broker with all that a room needs of it and nothing more: who is there, and calls with their answers.

import { ServiceBroker } from 'moleculer';
import type { Description } from '../description.ts';
import { ACTIONS, type Payload } from './packets.ts';
import { MeshTransporter, type Wire } from './transporter.ts';

/** Each member says something at least so often, give or take half a second; the mesh counts on it. */
const HEARTBEAT_SECONDS = 1.5;
/** Calls of this machine that wait for an answer. */
export const MAX_OPEN_CALLS = 10_000;

export interface BrokerEvents {
  /** A member is there, or says something new of itself. */
  seen(id: string, description: Description): void;
  gone(id: string, isFarewell: boolean): void;
  call(from: string, params: Payload): Promise<unknown>;
  tell(from: string, params: Payload): void;
}

interface KnownNode {
  readonly id: string;
  readonly local: boolean;
  readonly metadata: Description;
}

/** The parts of Moleculer that its type declarations leave out. */
interface Inside {
  readonly registry: {
    readonly nodes: {
      readonly localNode: { metadata: Description };
      toArray(): KnownNode[];
      disconnected(id: string, isUnexpected: boolean): void;
      delete(id: string): void;
    };
    readonly discoverer: { sendLocalNodeInfo(id?: string): Promise<void> };
    regenerateLocalRawInfo(isNew: boolean): unknown;
  };
  getCpuUsage: () => Promise<{ avg: number }>;
}

export class Broker {
  readonly transporter: MeshTransporter;
  readonly #broker: ServiceBroker;
  readonly #inside: Inside;

  constructor(id: string, wire: Wire, description: Description, events: BrokerEvents) {
    this.transporter = new MeshTransporter(wire);
    this.#broker = new ServiceBroker({
      nodeID: id,
      logger: false,
      // A guest in somebody's process: no signals, no exit.
      skipProcessEventRegistration: true,
      internalServices: false,
      validator: false,
      metadata: description,
      transporter: this.transporter as never,
      transit: { maxQueueSize: MAX_OPEN_CALLS },
      registry: { stopDelay: 0, discoverer: { type: 'Local', options: DISCOVERER } } as never,
    });
    this.#inside = this.#broker as unknown as Inside;
    // Load is told in offers; sampling the processors would take 100 ms for each heartbeat.
    this.#inside.getCpuUsage = () => Promise.resolve({ avg: 0 });
    this.#serve(events);
    this.#watch(events);
  }

  start(): Promise<void> {
    return this.#broker.start();
  }

  /** Says farewell to all that are linked. */
  async stop(): Promise<void> {
    await this.#broker.stop();
    for (const { id } of this.#others) this.lose(id);
  }

  /** Tells this machine's description, to one member or to all. */
  describe(description: Description): void {
    this.#inside.registry.nodes.localNode.metadata = description;
    this.#inside.registry.regenerateLocalRawInfo(true);
    this.introduce();
  }

  introduce(id?: string): void {
    void this.#inside.registry.discoverer.sendLocalNodeInfo(id);
  }

  lose(id: string): void {
    this.#inside.registry.nodes.disconnected(id, true);
  }

  /** Rejects with Moleculer's own errors. */
  call(id: string, action: keyof typeof ACTIONS, params: Payload, timeout: number): Promise<unknown> {
    return this.#broker.call(ACTIONS[action], params, { nodeID: id, timeout });
  }

  get #others(): KnownNode[] {
    return this.#inside.registry.nodes.toArray().filter(({ local }) => !local);
  }

  #serve({ call, tell }: BrokerEvents): void {
    this.#broker.createService({
      name: 'room',
      actions: {
        call: ({ nodeID, params }) => call(nodeID ?? '', params),
        tell: ({ nodeID, params }) => tell(nodeID ?? '', params),
      },
    });
  }

  #watch({ seen, gone }: BrokerEvents): void {
    const bus = this.#broker.localBus;
    const say = ({ node }: { node: KnownNode }) => seen(node.id, node.metadata);
    bus.on('$node.connected', say);
    bus.on('$node.updated', say);
    bus.on('$node.disconnected', ({ node, unexpected }: { node: KnownNode; unexpected: boolean }) => {
      gone(node.id, !unexpected);
      // It rejects the calls that wait for the node after this event.
      setImmediate(() => this.#inside.registry.nodes.delete(node.id));
    });
  }
}

/** The mesh sees who is silent, and forgetting is done above. */
const DISCOVERER = {
  heartbeatInterval: HEARTBEAT_SECONDS,
  heartbeatTimeout: 10,
  disableHeartbeatChecks: true,
  disableOfflineNodeRemoving: true,
};
