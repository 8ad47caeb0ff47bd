// Third step of a decision: the answer's fields and options. Pure. RFC 2131 table 3, RFC 6842 (client identifier echoed), RFC 3046
// (relay information echoed), PXE 2.1 2.2 (proxy answers), RFC 4578 (UUID echoed).

import type { ClientFacts } from './client.ts';
import { ANY_ADDRESS, addressText, subnetOf } from './ipv4.ts';
import { BootpOp, DhcpOption, MessageType } from './option-codes.ts';
import { encodeOption, numberOption, numbersOption, type OptionValue } from './options.ts';
import { type DhcpPacket, packetBytes } from './packet.ts';
import type { Plan } from './plan.ts';
import type { BootAnswer, DhcpPolicy, Lease } from './policy.ts';

/** A plan that has an answer. */
export type AnswerPlan = Exclude<Plan, { kind: 'noted' }>;

const messageTypes = {
  offer: MessageType.offer,
  ack: MessageType.ack,
  'inform-ack': MessageType.ack,
  'proxy-offer': MessageType.offer,
  'proxy-ack': MessageType.ack,
  nak: MessageType.nak,
} as const;

const FILE_FIELD_BYTES = 127; // 128 with the zero behind it
const IP_AND_UDP_BYTES = 28;
const MIN_MESSAGE_BYTES = 576; // RFC 2132 9.10: what every client takes
const MAX_MESSAGE_BYTES = 1500;
/** PXE_DISCOVERY_CONTROL (6) = 8: no discovery, take the file named in this answer. Then the end mark. */
const PXE_USE_THIS_FILE = Uint8Array.of(6, 1, 8, 255);
/** iPXE option 176 (no-pxedhcp) = 1: do not wait for proxies, the address server says all. */
const IPXE_NO_PROXY_WAIT = Uint8Array.of(176, 1, 1);
/** What a client gets that does not say what it wants. */
const usualParameters: readonly number[] = [
  DhcpOption.subnetMask,
  DhcpOption.routers,
  DhcpOption.dnsServers,
  DhcpOption.hostName,
  DhcpOption.domainName,
  DhcpOption.broadcastAddress,
];

/** The whole answer to `request`. */
export function buildReply(plan: AnswerPlan, request: DhcpPacket, client: ClientFacts, policy: DhcpPolicy): DhcpPacket {
  const boot = plan.kind === 'nak' ? undefined : plan.boot;
  const isNak = plan.kind === 'nak';
  const reply: DhcpPacket = {
    op: BootpOp.reply,
    hops: 0,
    xid: request.xid,
    secs: 0,
    // A relay broadcasts a NAK only if this bit is set (RFC 2131 4.3.2).
    broadcast: request.broadcast || (isNak && request.giaddr !== ANY_ADDRESS),
    ciaddr: plan.kind === 'ack' || plan.kind === 'inform-ack' ? request.ciaddr : ANY_ADDRESS,
    yiaddr: plan.kind === 'offer' || plan.kind === 'ack' ? plan.lease.address : ANY_ADDRESS,
    siaddr: boot ? (boot.nextServer ?? policy.serverAddress) : ANY_ADDRESS,
    giaddr: request.giaddr,
    mac: request.mac,
    sname: '',
    file: boot && utf8Bytes(boot.file) <= FILE_FIELD_BYTES ? boot.file : '',
    options: new Map(),
  };
  return { ...reply, options: fittingOptions(plan, reply, request, client, policy) };
}

/** Options in order of importance; what does not fit into the client's message size is left out. */
function fittingOptions(
  plan: AnswerPlan,
  reply: DhcpPacket,
  request: DhcpPacket,
  client: ClientFacts,
  policy: DhcpPolicy,
): ReadonlyMap<number, Uint8Array> {
  const echoed = echoedOptions(request, client);
  const wanted: Array<readonly [number, OptionValue]> = [
    [DhcpOption.messageType, messageTypes[plan.kind]],
    [DhcpOption.serverIdentifier, policy.serverAddress],
    ...echoed,
    ...planOptions(plan, request, client, policy),
  ];
  const limit = messageLimit(request);
  const options = new Map<number, Uint8Array>();
  for (const [code, value] of wanted) {
    if (options.has(code)) continue;
    options.set(code, encodeOption(code, value));
    if (packetBytes({ ...reply, options }) > limit) options.delete(code);
  }
  return options;
}

/** Payload bytes that the client takes: option 57 counts the IP header. */
function messageLimit(request: DhcpPacket): number {
  const said = numberOption(request.options, DhcpOption.maximumMessageBytes) ?? MIN_MESSAGE_BYTES;
  return Math.min(Math.max(said, MIN_MESSAGE_BYTES), MAX_MESSAGE_BYTES) - IP_AND_UDP_BYTES;
}

function echoedOptions(request: DhcpPacket, client: ClientFacts): Array<readonly [number, OptionValue]> {
  const codes: number[] = [DhcpOption.relayAgentInformation, DhcpOption.clientIdentifier];
  if (client.isPxe || client.isHttp) codes.push(DhcpOption.clientUuid);
  return codes.flatMap((code) => {
    const value = request.options.get(code);
    return value ? [[code, value] as const] : [];
  });
}

function planOptions(
  plan: AnswerPlan,
  request: DhcpPacket,
  client: ClientFacts,
  policy: DhcpPolicy,
): Array<readonly [number, OptionValue]> {
  if (plan.kind === 'nak') return [[DhcpOption.message, plan.why]];
  const asked = numbersOption(request.options, DhcpOption.parameterRequestList) ?? usualParameters;
  if (isProxyPlan(plan)) return bootOptions(plan.boot, asked, client, true);
  return [
    ...(plan.kind === 'inform-ack' ? [] : timeOptions(plan.lease, asked)),
    ...(plan.boot ? bootOptions(plan.boot, asked, client, false) : []),
    ...networkOptions(plan.lease, asked, policy),
  ];
}

function isProxyPlan(plan: AnswerPlan): plan is Extract<AnswerPlan, { kind: 'proxy-offer' | 'proxy-ack' }> {
  return plan.kind === 'proxy-offer' || plan.kind === 'proxy-ack';
}

function timeOptions(lease: Lease, asked: readonly number[]): Array<readonly [number, OptionValue]> {
  const times: Array<readonly [number, OptionValue]> = [
    [DhcpOption.renewalSeconds, Math.floor(lease.leaseSeconds / 2)],
    [DhcpOption.rebindingSeconds, Math.floor((lease.leaseSeconds * 7) / 8)],
  ];
  return [[DhcpOption.leaseSeconds, lease.leaseSeconds], ...times.filter(([code]) => asked.includes(code))];
}

/**
 * Boot options. In `server` mode option 60 is left out for PXE clients: with it, and without a proxy's option 43, ROMs go looking
 * for a boot server on port 4011. UEFI HTTP boot takes an answer only with option 60 (UEFI 2.10 24.7.3.1).
 */
function bootOptions(
  boot: BootAnswer,
  asked: readonly number[],
  client: ClientFacts,
  isProxy: boolean,
): Array<readonly [number, OptionValue]> {
  const options: Array<readonly [number, OptionValue]> = [...(boot.options ?? [])];
  if (client.isHttp) options.push([DhcpOption.vendorClass, 'HTTPClient']);
  else if (isProxy) options.push([DhcpOption.vendorClass, 'PXEClient']);
  if (isProxy && client.isPxe) options.push([DhcpOption.vendorInformation, PXE_USE_THIS_FILE]);
  const needsOption = client.isHttp || utf8Bytes(boot.file) > FILE_FIELD_BYTES;
  if (needsOption || asked.includes(DhcpOption.bootFileName)) options.push([DhcpOption.bootFileName, boot.file]);
  if (asked.includes(DhcpOption.tftpServerName) && boot.nextServer) {
    options.push([DhcpOption.tftpServerName, boot.nextServer]);
  }
  if (client.firmware === 'ipxe' && !isProxy) options.push([DhcpOption.ipxe, IPXE_NO_PROXY_WAIT]);
  return options;
}

/** The subnet mask always, the rest as asked for, in the order asked for (RFC 2132 9.8). */
function networkOptions(
  lease: Lease | undefined,
  asked: readonly number[],
  policy: DhcpPolicy,
): Array<readonly [number, OptionValue]> {
  const netmask = lease?.netmask ?? policy.netmask;
  const { broadcast } = subnetOf(lease?.address ?? policy.serverAddress, netmask);
  const known = new Map<number, OptionValue | undefined>([
    [DhcpOption.subnetMask, netmask],
    [DhcpOption.routers, lease?.routers],
    [DhcpOption.dnsServers, lease?.dnsServers],
    [DhcpOption.hostName, lease?.hostName],
    [DhcpOption.domainName, lease?.domainName],
    [DhcpOption.broadcastAddress, addressText(broadcast)],
  ]);
  return [DhcpOption.subnetMask, ...asked].flatMap((code) => {
    const value = known.get(code);
    const isEmpty = value === undefined || ((Array.isArray(value) || typeof value === 'string') && value.length === 0);
    return isEmpty ? [] : [[code, value] as const];
  });
}

const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length;
