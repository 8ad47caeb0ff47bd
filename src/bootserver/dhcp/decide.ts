// The decision on one request: classify -> identify -> plan -> reply, each a value or Ignored with its reason. No sockets, no state.

import { type Arrival, classify, type Ignored } from './classify.ts';
import { describeClient } from './client.ts';
import { messageTypeName } from './option-codes.ts';
import { type DhcpPacket, messageTypeOf } from './packet.ts';
import { planAnswer } from './plan.ts';
import type { DhcpPolicy } from './policy.ts';
import { buildReply } from './reply.ts';
import { type ReplyAddress, replyAddress } from './reply-address.ts';

export type Decision =
  | {
      readonly kind: 'reply';
      readonly packet: DhcpPacket;
      readonly to: ReplyAddress;
      /** What was decided, for the log: `offer 10.0.0.5, boots boot.ipxe`. */
      readonly summary: string;
    }
  | { readonly kind: 'noted'; readonly note: string }
  | Ignored;

/** Decides on one request. Rejects only when the address book does. */
export async function decide(request: DhcpPacket, arrival: Arrival, policy: DhcpPolicy): Promise<Decision> {
  const message = classify(request, arrival, policy);
  if (message.kind === 'ignored') return message;
  const client = describeClient(request);
  const plan = await planAnswer(message, client, policy);
  if (plan.kind === 'ignored' || plan.kind === 'noted') return plan;
  const packet = buildReply(plan, request, client, policy);
  const to = replyAddress({
    giaddr: request.giaddr,
    ciaddr: request.ciaddr,
    isNak: plan.kind === 'nak',
    arrivedOn: arrival.port,
    sender: arrival.sender,
  });
  return { kind: 'reply', packet, to, summary: summarize(packet, client.firmware) };
}

function summarize(packet: DhcpPacket, firmware: string): string {
  const type = messageTypeName(messageTypeOf(packet) ?? 0);
  const address = packet.yiaddr === '0.0.0.0' ? '' : ` ${packet.yiaddr}`;
  return `${type}${address} to ${firmware}${packet.file ? `, boots ${packet.file}` : ''}`;
}
