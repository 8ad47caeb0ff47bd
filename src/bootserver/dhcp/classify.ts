// First step of a decision: is this a request for us, and which of the protocol's messages is it? Pure. RFC 2131 4.3, table 5.

import { ANY_ADDRESS, isHostOf, subnetOf } from './ipv4.ts';
import { BootpOp, DhcpOption, DhcpPort, MessageType } from './option-codes.ts';
import { addressOption } from './options.ts';
import { type DhcpPacket, messageTypeOf } from './packet.ts';
import type { DhcpPolicy } from './policy.ts';

/** Nothing is sent. `reason` is a short fixed phrase that is also counted; `detail` is for the log. */
export interface Ignored {
  readonly kind: 'ignored';
  readonly reason: string;
  readonly detail?: string;
}

/** How a request came in. */
export interface Arrival {
  /** The local port: DhcpPort.server or DhcpPort.bootService. */
  readonly port: number;
  /** It was sent to our address alone, not to everybody. */
  readonly unicast: boolean;
  readonly sender: { readonly address: string; readonly port: number };
}

export type RequestState = 'selecting' | 'init-reboot' | 'renewing' | 'rebinding';

export type DhcpMessage =
  | { readonly kind: 'discover' | 'inform' }
  | { readonly kind: 'request'; readonly state: RequestState; readonly address: string; readonly server?: string }
  | { readonly kind: 'decline' | 'release'; readonly address: string; readonly server?: string }
  /** Asked on the boot service port: only the boot answer counts. */
  | { readonly kind: 'boot-request' };

export const ignored = (reason: string, detail?: string): Ignored => ({ kind: 'ignored', reason, detail });

/** Which message this is, or why it is none for us. */
export function classify(packet: DhcpPacket, arrival: Arrival, policy: DhcpPolicy): DhcpMessage | Ignored {
  if (packet.op !== BootpOp.request) return ignored('not a request');
  const type = messageTypeOf(packet);
  if (type === undefined) return ignored('no message type');
  if (!isMachineAddress(packet.mac)) return ignored('no usable hardware address', packet.mac);
  if (packet.giaddr !== ANY_ADDRESS && !isHostOf(subnetOf(policy.serverAddress, policy.netmask), packet.giaddr)) {
    return ignored('relay of another network', packet.giaddr);
  }
  if (arrival.port === DhcpPort.bootService) return classifyBootRequest(type);
  return classifyType(type, packet, arrival);
}

function classifyBootRequest(type: number): DhcpMessage | Ignored {
  const asks = type === MessageType.request || type === MessageType.inform || type === MessageType.discover;
  return asks ? { kind: 'boot-request' } : ignored('not a boot service request', `message type ${type}`);
}

function classifyType(type: number, packet: DhcpPacket, arrival: Arrival): DhcpMessage | Ignored {
  const server = addressOption(packet.options, DhcpOption.serverIdentifier);
  switch (type) {
    case MessageType.discover:
      return { kind: 'discover' };
    case MessageType.inform:
      return packet.ciaddr === ANY_ADDRESS ? ignored('inform without an address') : { kind: 'inform' };
    case MessageType.request:
      return classifyRequest(packet, server, arrival);
    case MessageType.decline:
      return withAddress('decline', addressOption(packet.options, DhcpOption.requestedAddress), server);
    case MessageType.release:
      return withAddress('release', packet.ciaddr, server);
    default:
      return ignored('a message of servers', `message type ${type}`);
  }
}

function withAddress(kind: 'decline' | 'release', address: string | undefined, server?: string): DhcpMessage | Ignored {
  if (address === undefined || address === ANY_ADDRESS) return ignored(`${kind} without an address`);
  return { kind, address, server };
}

/** RFC 2131 4.3.2. A client that fills in both ciaddr and option 50 is read by what it surely has: its ciaddr. */
function classifyRequest(packet: DhcpPacket, server: string | undefined, arrival: Arrival): DhcpMessage | Ignored {
  const requested = addressOption(packet.options, DhcpOption.requestedAddress);
  const current = packet.ciaddr === ANY_ADDRESS ? undefined : packet.ciaddr;
  if (server !== undefined) {
    const address = requested ?? current;
    return address ? { kind: 'request', state: 'selecting', address, server } : ignored('request without an address');
  }
  if (current) return { kind: 'request', state: arrival.unicast ? 'renewing' : 'rebinding', address: current };
  if (requested) return { kind: 'request', state: 'init-reboot', address: requested };
  return ignored('request without an address');
}

/** Not zero, not multicast (lowest bit of the first byte). */
function isMachineAddress(mac: string): boolean {
  return mac !== '00:00:00:00:00:00' && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0;
}
