// Brings the wired interfaces up and gets an address: from a DHCP server where one answers, else on a subnet of our own.

import type { Log } from '../src/log.ts';
import type { Running, Sys } from '../src/sys/sys.ts';
import type { BootOptions } from './cmdline.ts';
import { startDhcpClient } from './dhcp-client.ts';
import type { DhcpEvent, Lease } from './dhcp-lease.ts';
import { addressOf, OWN_SUBNETS, prefixLength } from './subnet.ts';

/** A NIC's link takes up to three seconds on gigabit copper; a cable that is not there is not waited for longer than this. */
const CARRIER_WAIT_MS = 6000;
const POLL_MS = 100;
const ARPHRD_ETHER = '1';

export interface Interface {
  readonly name: string;
  readonly mac: string;
}

export interface NetworkFacts extends Interface {
  readonly address: string;
  readonly netmask: string;
  readonly prefixLength: number;
  readonly routers: readonly string[];
  readonly dnsServers: readonly string[];
  readonly ntpServers?: readonly string[];
  readonly domain?: string;
  readonly hostName?: string;
  /** `dhcp`: somebody else gives addresses here. `own`: this machine opened the subnet and is to serve it. */
  readonly origin: 'dhcp' | 'own';
}

export interface NetworkEffects {
  readonly sys: Sys;
  readonly log: Log;
  /** Where sysfs is. */
  readonly sysRoot: string;
  sleep(milliseconds: number): Promise<void>;
}

/** The wired interfaces that have a device behind them, the one that the firmware booted from first. */
export async function wiredInterfaces(
  { sys, sysRoot }: Pick<NetworkEffects, 'sys' | 'sysRoot'>,
  bootMac?: string,
): Promise<Interface[]> {
  const found: Interface[] = [];
  for (const name of await sys.list(`${sysRoot}/class/net`)) {
    const folder = `${sysRoot}/class/net/${name}`;
    if (!(await sys.exists(`${folder}/device`)) || (await sys.exists(`${folder}/wireless`))) continue;
    if ((await readLine(sys, `${folder}/type`)) !== ARPHRD_ETHER) continue;
    found.push({ name, mac: (await readLine(sys, `${folder}/address`)) ?? '' });
  }
  return found.sort((a, b) => Number(b.mac === bootMac) - Number(a.mac === bootMac));
}

/** Sets all interfaces up and waits until at least one has a link (the boot interface, if it is known). Returns those with one. */
export async function bringUp(
  effects: NetworkEffects,
  interfaces: readonly Interface[],
  bootMac?: string,
): Promise<Interface[]> {
  const { sys, log, sysRoot, sleep } = effects;
  await sys.run('ip', ['link', 'set', 'lo', 'up']);
  for (const { name } of interfaces) {
    const { status, stderr } = await sys.run('ip', ['link', 'set', name, 'up']);
    if (status !== 0) log.warn(`${name} does not come up: ${stderr.trim()}`);
  }
  const linked = async () => {
    const carriers = await Promise.all(
      interfaces.map(({ name }) => readLine(sys, `${sysRoot}/class/net/${name}/carrier`)),
    );
    return interfaces.filter((_, index) => carriers[index] === '1');
  };
  const wanted = interfaces.some(({ mac }) => mac === bootMac) ? bootMac : undefined;
  for (let waited = 0; waited < CARRIER_WAIT_MS; waited += POLL_MS) {
    const withLink = await linked();
    if (wanted ? withLink.some(({ mac }) => mac === wanted) : withLink.length > 0) return withLink;
    await sleep(POLL_MS);
  }
  return linked();
}

/**
 * Asks for an address on all the interfaces at once; the first answer wins. With `patient` it asks for ever, without it gives up after one
 * series of four requests and returns undefined. The client of the winning interface goes on and keeps the lease.
 */
export async function askForAddress(
  { sys, log }: NetworkEffects,
  interfaces: readonly Interface[],
  patient: boolean,
): Promise<NetworkFacts | undefined> {
  const clients = new Map<string, Running>();
  const silent = new Set<string>();
  const bound = await new Promise<[Interface, Lease] | undefined>((resolve) => {
    for (const nic of interfaces) {
      const onEvent = (event: DhcpEvent) => {
        if (event.kind === 'bound') resolve([nic, event.lease]);
        if (event.kind === 'unanswered') silent.add(nic.name);
        if (!patient && silent.size === interfaces.length) resolve(undefined);
      };
      clients.set(nic.name, startDhcpClient(sys, nic.name, onEvent));
    }
    if (interfaces.length === 0) resolve(undefined);
  });
  const losers = [...clients].filter(([name]) => name !== bound?.[0].name);
  await Promise.all(losers.map(([, client]) => client.stop()));
  if (!bound) return undefined;
  const [nic, lease] = bound;
  log.info(`${nic.name} has ${lease.address} from the DHCP server ${lease.server ?? 'on this network'}`);
  return applyAddress(sys, { ...nic, ...lease, prefixLength: prefixLength(lease.netmask), origin: 'dhcp' });
}

/** Takes the first private subnet whose server address nobody on the wire has (ARP probe, RFC 5227), and that address with it. */
export async function openOwnSubnet({ sys, log }: NetworkEffects, nic: Interface): Promise<NetworkFacts | undefined> {
  for (const subnet of OWN_SUBNETS) {
    const address = addressOf(subnet, 1);
    const probe = await sys.run('arping', ['-D', '-c', '2', '-w', '2', '-I', nic.name, address]);
    if (probe.status !== 0) {
      log.info(`${address} is taken by another machine`);
      continue;
    }
    log.info(`no DHCP server answers on ${nic.name}: opening the subnet ${addressOf(subnet, 0)}/24`);
    const facts = {
      ...nic,
      address,
      netmask: '255.255.255.0',
      prefixLength: 24,
      routers: [],
      dnsServers: [],
      origin: 'own',
    };
    return applyAddress(sys, facts as NetworkFacts);
  }
  return undefined;
}

/** What the machine does for an address, by the wish of `viver.net`. Undefined when there is no usable network. */
export async function connect(
  effects: NetworkEffects,
  options: Pick<BootOptions, 'network' | 'bootMac'>,
  { needed }: { needed: boolean },
): Promise<NetworkFacts | undefined> {
  if (options.network === 'none') return undefined;
  const interfaces = await wiredInterfaces(effects, options.bootMac);
  const linked = await bringUp(effects, interfaces, options.bootMac);
  effects.log.info(`interfaces: ${interfaces.map(({ name }) => describeLink(name, linked)).join(', ') || 'none'}`);
  const patient = needed || options.network === 'dhcp';
  const booted = linked.filter(({ mac }) => mac === options.bootMac);
  // The boot server is where the machine booted from; a DHCP server on another card knows nothing of the image.
  const candidates = booted.length > 0 ? booted : linked.length > 0 || !needed ? linked : interfaces;
  const answered = options.network === 'own' ? undefined : await askForAddress(effects, candidates, patient);
  if (answered || options.network === 'dhcp' || !linked[0]) return answered;
  return openOwnSubnet(effects, linked[0]);
}

/**
 * Sets the cards down that this machine did not take: they are the system's own business. Kernels before 6.2 rename no card that is up, and udev, which
 * wants to, then passes over it altogether: no program of the system would see it.
 */
export async function letGoOfOthers({ sys, sysRoot }: NetworkEffects, taken: Interface): Promise<void> {
  for (const { name, mac } of await wiredInterfaces({ sys, sysRoot })) {
    if (mac !== taken.mac) await sys.run('ip', ['link', 'set', name, 'down']);
  }
}

async function applyAddress(sys: Sys, facts: NetworkFacts): Promise<NetworkFacts> {
  await sys.run('ip', ['addr', 'add', `${facts.address}/${facts.prefixLength}`, 'broadcast', '+', 'dev', facts.name]);
  const router = facts.routers[0];
  if (router) await sys.run('ip', ['route', 'replace', 'default', 'via', router, 'dev', facts.name]);
  return facts;
}

function describeLink(name: string, linked: readonly Interface[]): string {
  return linked.some((nic) => nic.name === name) ? `${name} (link)` : `${name} (no link)`;
}

async function readLine(sys: Sys, path: string): Promise<string | undefined> {
  return sys.readText(path).then(
    (text) => text.trim(),
    () => undefined,
  );
}
