// Second step of a decision: what to answer. Asks the address book and the boot table; sends and builds nothing. RFC 2131 4.3.

import { type DhcpMessage, type Ignored, ignored } from './classify.ts';
import type { ClientFacts } from './client.ts';
import type { BootAnswer, DhcpPolicy, Lease } from './policy.ts';

export type Plan =
  /** An address, and what to boot with it. */
  | { readonly kind: 'offer' | 'ack'; readonly lease: Lease; readonly boot?: BootAnswer }
  /** Settings for a client that has its address from elsewhere. */
  | { readonly kind: 'inform-ack'; readonly lease?: Lease; readonly boot?: BootAnswer }
  /** Only what to boot: the address comes from a foreign server. */
  | { readonly kind: 'proxy-offer' | 'proxy-ack'; readonly boot: BootAnswer }
  | { readonly kind: 'nak'; readonly why: string }
  /** Written down; the protocol has no answer to it. */
  | { readonly kind: 'noted'; readonly note: string };

/** What to answer to a message that classify() let through. */
export function planAnswer(message: DhcpMessage, client: ClientFacts, policy: DhcpPolicy): Promise<Plan | Ignored> {
  if (message.kind === 'boot-request') return Promise.resolve(planBoot('proxy-ack', client, policy));
  if (policy.mode === 'server') return planAsServer(message, client, policy);
  if (message.kind === 'discover') return Promise.resolve(planBoot('proxy-offer', client, policy));
  return Promise.resolve(ignored('left to the address server', message.kind));
}

function planBoot(kind: 'proxy-offer' | 'proxy-ack', client: ClientFacts, policy: DhcpPolicy): Plan | Ignored {
  if (!client.isPxe && !client.isHttp) return ignored('no network boot client', client.vendorClass);
  const boot = policy.bootFor(client);
  return boot ? { kind, boot } : ignored('nothing to boot for it', client.firmware);
}

async function planAsServer(
  message: Exclude<DhcpMessage, { kind: 'boot-request' }>,
  client: ClientFacts,
  policy: DhcpPolicy,
): Promise<Plan | Ignored> {
  switch (message.kind) {
    case 'discover': {
      const lease = await policy.addressBook.offer(client);
      return lease ? { kind: 'offer', lease, boot: policy.bootFor(client) } : ignored('no address left');
    }
    case 'request':
      return planRequest(message, client, policy);
    case 'inform':
      return {
        kind: 'inform-ack',
        lease: await policy.addressBook.lookup(client),
        boot: policy.bootFor(client),
      };
    case 'decline':
      return planDecline(message, client, policy);
    case 'release':
      return planRelease(message, client, policy);
  }
}

/**
 * We are the only address server of this network (otherwise we would be a proxy), so a request for an address that the client
 * can't have is refused, not passed over: the client then starts over at once instead of after its time-out.
 */
async function planRequest(
  message: Extract<DhcpMessage, { kind: 'request' }>,
  client: ClientFacts,
  policy: DhcpPolicy,
): Promise<Plan | Ignored> {
  if (message.server !== undefined && message.server !== policy.serverAddress) {
    return ignored('another server was chosen', message.server);
  }
  const lease = await policy.addressBook.confirm(client, message.address);
  if (lease) return { kind: 'ack', lease, boot: policy.bootFor(client) };
  return { kind: 'nak', why: `${message.address} is not for this machine (${message.state})` };
}

async function planDecline(message: GivingUp, client: ClientFacts, policy: DhcpPolicy): Promise<Plan | Ignored> {
  // Only its own address can be declined by a client; else one bad machine could empty the pool.
  const refusal = await refuseGivingUp(message, client, policy, 'declines what it was not given');
  if (refusal) return refusal;
  await policy.addressBook.decline(client, message.address);
  return { kind: 'noted', note: `${message.address} is used by somebody else, set aside` };
}

async function planRelease(message: GivingUp, client: ClientFacts, policy: DhcpPolicy): Promise<Plan | Ignored> {
  const refusal = await refuseGivingUp(message, client, policy, 'releases what it does not have');
  if (refusal) return refusal;
  await policy.addressBook.release(client);
  return { kind: 'noted', note: `${message.address} given back` };
}

type GivingUp = Extract<DhcpMessage, { kind: 'decline' | 'release' }>;

/** Why a machine's word that it does not use an address counts for nothing; undefined when it counts. */
async function refuseGivingUp(
  message: GivingUp,
  client: ClientFacts,
  policy: DhcpPolicy,
  notItsOwn: string,
): Promise<Ignored | undefined> {
  if (message.server !== undefined && message.server !== policy.serverAddress) {
    return ignored('meant for another server', message.server);
  }
  const held = await policy.addressBook.lookup(client);
  return held?.address === message.address ? undefined : ignored(notItsOwn, message.address);
}
