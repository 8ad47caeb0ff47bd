// What the engine is told by the outside: who hands out addresses, what a client boots, who the server is. Types only.

import type { ClientFacts, ClientIdentity } from './client.ts';
import type { OptionValue } from './options.ts';

/** An address and what belongs to it. */
export interface Lease {
  readonly address: string;
  readonly netmask: string;
  readonly routers: readonly string[];
  readonly dnsServers: readonly string[];
  readonly domainName?: string;
  readonly hostName?: string;
  readonly leaseSeconds: number;
}

/** Owner of the addresses. The engine asks; it keeps nothing itself. */
export interface AddressBook {
  /** An address for a client that looks for one; undefined when none is left. Asked again, it gives the same. */
  offer(client: ClientIdentity): Promise<Lease | undefined>;
  /** The client takes, keeps or had this address; undefined when it can't have it (the client is then told to start over). */
  confirm(client: ClientIdentity, address: string): Promise<Lease | undefined>;
  /** What the client has now. */
  lookup(client: ClientIdentity): Promise<Lease | undefined>;
  /** The client gives its address back. */
  release(client: ClientIdentity): Promise<void>;
  /** The client found somebody else with this address. */
  decline(client: ClientIdentity, address: string): Promise<void>;
}

/** What a client is to load next. */
export interface BootAnswer {
  /** Where the file is; the DHCP server's own address when missing. */
  readonly nextServer?: string;
  /** A path for TFTP, or a URL. */
  readonly file: string;
  /** Further options, by code; they win over the engine's own. */
  readonly options?: ReadonlyArray<readonly [code: number, value: OptionValue]>;
}

/** `server` hands out addresses and boot answers; `proxy` only boot answers, beside a foreign DHCP server. */
export type DhcpMode = 'server' | 'proxy';

export interface DhcpPolicy {
  readonly mode: DhcpMode;
  /** Our address on this network; it is the server identifier. */
  readonly serverAddress: string;
  readonly netmask: string;
  readonly addressBook: AddressBook;
  bootFor(client: ClientFacts): BootAnswer | undefined;
}
