// Moleculer as the benchmark uses it: its defaults, with its TCP transporter where nodes are to meet.

import { ServiceBroker } from 'moleculer';

const NAMES = ['one', 'two'];

/** @param port Without one the node is alone. */
export function createNode(name: string, port?: number, ports: readonly number[] = []): ServiceBroker {
  const urls = ports.map((known, at) => `127.0.0.1:${known}/${NAMES[at]}`);
  const transporter = port && { type: 'TCP', options: { udpDiscovery: false, port, urls } };
  return new ServiceBroker({ nodeID: name, logger: false, ...(transporter ? { transporter } : {}) });
}
