// The line that udhcpc.sh prints for each event -> values. Pure.

export interface Lease {
  readonly address: string;
  readonly netmask: string;
  readonly routers: readonly string[];
  readonly dnsServers: readonly string[];
  /** Option 42. */
  readonly ntpServers?: readonly string[];
  readonly domain?: string;
  readonly hostName?: string;
  readonly server?: string;
}

export type DhcpEvent =
  | { readonly kind: 'bound'; readonly interfaceName: string; readonly lease: Lease }
  /** No server answered a whole series of requests. */
  | { readonly kind: 'unanswered'; readonly interfaceName: string }
  | { readonly kind: 'other'; readonly name: string };

const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;

/** Decodes one line; what a server says is checked before it is used, since it comes from the wire. */
export function parseDhcpEvent(line: string): DhcpEvent {
  const fields = new Map(line.split(' ').map((word) => splitOnce(word)));
  const name = fields.get('event') ?? '';
  const interfaceName = fields.get('interface') ?? '';
  if (name === 'leasefail') return { kind: 'unanswered', interfaceName };
  const lease = readLease(fields);
  return (name === 'bound' || name === 'renew') && lease
    ? { kind: 'bound', interfaceName, lease }
    : { kind: 'other', name };
}

function readLease(fields: ReadonlyMap<string, string>): Lease | undefined {
  const address = fields.get('address') ?? '';
  if (!ADDRESS.test(address)) return undefined;
  const netmask = fields.get('netmask') ?? '';
  const domain = fields.get('domain');
  const hostName = fields.get('host');
  const server = fields.get('server');
  const ntpServers = addresses(fields.get('ntp'));
  return {
    address,
    netmask: ADDRESS.test(netmask) ? netmask : '255.255.255.0',
    routers: addresses(fields.get('routers')),
    dnsServers: addresses(fields.get('dns')),
    ...(ntpServers.length > 0 ? { ntpServers } : {}),
    ...(domain && /^[\w.,-]+$/.test(domain) ? { domain } : {}),
    ...(hostName && /^[A-Za-z0-9-]{1,63}$/.test(hostName) ? { hostName } : {}),
    ...(server && ADDRESS.test(server) ? { server } : {}),
  };
}

function addresses(list = ''): string[] {
  return list.split(',').filter((item) => ADDRESS.test(item));
}

function splitOnce(word: string): [string, string] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)];
}
