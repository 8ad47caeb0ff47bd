// Where an answer goes: RFC 2131 4.1 as a table, plus PXE's boot service port. Pure.
//
//   asked on 4011              -> the sender                      PXE 2.1, 2.2.1
//   giaddr set                 -> giaddr:67                       (a NAK gets the broadcast bit, so that the relay broadcasts it)
//   NAK                        -> 255.255.255.255:68
//   ciaddr set                 -> ciaddr:68
//   broadcast bit              -> 255.255.255.255:68
//   none of these              -> yiaddr by its hardware address; a socket cannot do that for a client without an ARP entry,
//                                 and the RFC allows broadcast instead

import { ANY_ADDRESS, BROADCAST_ADDRESS } from './ipv4.ts';
import { DhcpPort } from './option-codes.ts';

export interface ReplyAddress {
  readonly address: string;
  readonly port: number;
  readonly how: 'sender' | 'relay' | 'unicast' | 'broadcast';
}

/** What decides: fields of the request, whether the answer is a NAK, and how the request came in. */
export interface ReplyQuestion {
  readonly giaddr: string;
  readonly ciaddr: string;
  readonly isNak: boolean;
  readonly arrivedOn: number;
  readonly sender: { readonly address: string; readonly port: number };
}

const broadcast: ReplyAddress = { address: BROADCAST_ADDRESS, port: DhcpPort.client, how: 'broadcast' };

/** The address, port and manner of the answer. */
export function replyAddress(question: ReplyQuestion): ReplyAddress {
  const { giaddr, ciaddr, isNak, arrivedOn, sender } = question;
  if (arrivedOn === DhcpPort.bootService && sender.address !== ANY_ADDRESS) return { ...sender, how: 'sender' };
  if (giaddr !== ANY_ADDRESS) return { address: giaddr, port: DhcpPort.server, how: 'relay' };
  if (isNak || ciaddr === ANY_ADDRESS) return broadcast;
  return { address: ciaddr, port: DhcpPort.client, how: 'unicast' };
}
