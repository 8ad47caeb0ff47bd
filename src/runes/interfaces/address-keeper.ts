// The interface `address-keeper`: who owns the addresses of this network. What it promises: the same machine gets the same address, no two get
// one. How it keeps that is the rune's business. The shapes are those of the DHCP engine's AddressBook (src/bootserver/dhcp).

import * as z from 'zod/mini';
import { defineInterface } from '../contract/interface.ts';

const address = z.string().check(z.regex(/^(\d{1,3}\.){3}\d{1,3}$/));
const mac = z.string().check(z.regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/));
const addresses = z.readonly(z.array(address));

const client = z.object({
  mac,
  hostName: z.optional(z.string()),
  requestedAddress: z.optional(address),
});

const lease = z.strictObject({
  address,
  netmask: address,
  routers: addresses,
  dnsServers: addresses,
  domainName: z.optional(z.string()),
  hostName: z.optional(z.string()),
  leaseSeconds: z.int(),
});

const maybeLease = z.strictObject({ lease: z.optional(lease) });
const nothing = z.strictObject({});

export const addressKeeper = defineInterface({
  name: 'address-keeper',
  version: 1,
  calls: {
    network: {
      request: z
        .strictObject({})
        .check(z.describe('the network; proxy: another server gives the addresses, the boot service adds its answers')),
      reply: z.strictObject({
        mode: z.enum(['server', 'proxy']),
        serverAddress: address,
        netmask: address,
        routers: addresses,
        dnsServers: addresses,
      }),
    },
    offer: {
      request: z.strictObject({ client }).check(z.describe('an address for a machine, kept for it until it confirms')),
      reply: maybeLease,
    },
    confirm: {
      request: z
        .strictObject({ client, address })
        .check(z.describe('the machine takes the address, or asks to keep it')),
      reply: maybeLease,
    },
    lookup: {
      request: z.strictObject({ client }).check(z.describe('what a machine has, changing nothing')),
      reply: maybeLease,
    },
    release: {
      request: z.strictObject({ client }).check(z.describe('the machine gives its address back')),
      reply: nothing,
    },
    decline: {
      request: z.strictObject({ client, address }).check(z.describe('somebody else has the address')),
      reply: nothing,
    },
  },
  events: {
    leased: z
      .strictObject({ mac, address, hostName: z.optional(z.string()) })
      .check(z.describe('a machine has taken its address')),
  },
});
