// Moleculer as the benchmark uses it: its defaults, with its TCP transporter where nodes are to meet.

import { requireFrom } from './find-moleculer.ts';

/** The part of its ServiceBroker that is used here. */
export interface Node {
  createService(schema: object): unknown;
  start(): Promise<void>;
  stop(): Promise<void>;
  call(action: string, request: unknown): Promise<unknown>;
  waitForServices(name: string, timeoutMs: number): Promise<unknown>;
}

const { ServiceBroker } = requireFrom('moleculer') as { ServiceBroker: new (options: object) => Node };
const NAMES = ['one', 'two'];

/** @param port Without one the node is alone. */
export function createNode(name: string, port?: number, ports: readonly number[] = []): Node {
  const urls = ports.map((known, at) => `127.0.0.1:${known}/${NAMES[at]}`);
  const transporter = port && { type: 'TCP', options: { udpDiscovery: false, port, urls } };
  return new ServiceBroker({ nodeID: name, logger: false, ...(transporter ? { transporter } : {}) });
}
