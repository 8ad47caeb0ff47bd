import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../log.ts';
import { createAddressBook, type PoolAddressBook } from './address-book.ts';
import type { Arrival } from './classify.ts';
import type { ClientFacts } from './client.ts';
import { type Decision, decide } from './decide.ts';
import { DhcpOption, MessageType, messageTypeName } from './option-codes.ts';
import { addressesOption, addressOption, numberOption, textOption } from './options.ts';
import { type DhcpPacket, decodePacket, encodePacket, messageTypeOf, packetBytes } from './packet.ts';
import type { BootAnswer, DhcpPolicy } from './policy.ts';
import {
  biosDiscover,
  efiDiscover,
  httpDiscover,
  ipxeDiscover,
  osDiscover,
  requestAfter,
  SAMPLE_MAC,
  samplePacket,
} from './sample-packets.ts';
import { createEngine } from './server.ts';

const server = '10.0.0.1';
const broadcastArrival: Arrival = { port: 67, unicast: false, sender: { address: '0.0.0.0', port: 68 } };
const unicastArrival: Arrival = { port: 67, unicast: true, sender: { address: '10.0.0.50', port: 68 } };
const bootArrival: Arrival = { port: 4011, unicast: true, sender: { address: '10.0.0.50', port: 4011 } };

let book: PoolAddressBook;
let policy: DhcpPolicy;
let nowMs = 0;

function bootFor(client: ClientFacts): BootAnswer | undefined {
  const files: Partial<Record<ClientFacts['firmware'], string>> = {
    bios: 'undionly.kpxe',
    'uefi-x64': 'snponly.efi',
    'uefi-http': `http://${server}/snponly.efi`,
    ipxe: `http://${server}/boot.ipxe`,
  };
  const file = files[client.firmware];
  return file ? { file } : undefined;
}

beforeEach(() => {
  nowMs = 0;
  book = createAddressBook({
    pool: { first: '10.0.0.50', last: '10.0.0.59' },
    netmask: '255.255.255.0',
    routers: ['10.0.0.254'],
    dnsServers: ['10.0.0.1', '10.0.0.2'],
    domainName: 'room.test',
    hostNameFor: (_client, address) => `pc-${address.split('.')[3]}`,
    leaseSeconds: 3600,
    now: () => nowMs,
  });
  policy = { mode: 'server', serverAddress: server, netmask: '255.255.255.0', addressBook: book, bootFor };
});

/** The answer as the client reads it from the wire. */
async function answer(request: DhcpPacket, arrival = broadcastArrival, by = policy) {
  const decision = await decide(request, arrival, by);
  if (decision.kind !== 'reply') throw new Error(`no answer but ${JSON.stringify(decision)}`);
  const packet = decodePacket(encodePacket(decision.packet));
  return { packet, to: decision.to, type: messageTypeName(messageTypeOf(packet)!) };
}

const reasonOf = (decision: Decision) => (decision.kind === 'ignored' ? decision.reason : decision.kind);
const reason = async (request: DhcpPacket, arrival = broadcastArrival, by = policy) =>
  reasonOf(await decide(request, arrival, by));

async function bind(discover = osDiscover): Promise<string> {
  const offered = (await answer(discover)).packet.yiaddr;
  await answer(requestAfter(discover, server, offered));
  return offered;
}

describe('as server', () => {
  test('discover, offer, request, ack', async () => {
    const offer = await answer(osDiscover);
    expect([offer.type, offer.to.how]).toEqual(['offer', 'broadcast']);
    const ack = await answer(requestAfter(osDiscover, server, offer.packet.yiaddr));
    expect(ack.type).toBe('ack');
    expect(ack.packet.yiaddr).toBe(offer.packet.yiaddr);
    const { options } = ack.packet;
    expect(addressOption(options, DhcpOption.serverIdentifier)).toBe(server);
    expect(addressOption(options, DhcpOption.subnetMask)).toBe('255.255.255.0');
    expect(addressOption(options, DhcpOption.broadcastAddress)).toBe('10.0.0.255');
    expect(addressesOption(options, DhcpOption.routers)).toEqual(['10.0.0.254']);
    expect(addressesOption(options, DhcpOption.dnsServers)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(textOption(options, DhcpOption.hostName)).toBe(`pc-${ack.packet.yiaddr.split('.')[3]}`);
    expect(textOption(options, DhcpOption.domainName)).toBe('room.test');
    expect(numberOption(options, DhcpOption.leaseSeconds)).toBe(3600);
    expect(options.get(DhcpOption.clientIdentifier)).toEqual(osDiscover.options.get(DhcpOption.clientIdentifier));
    expect([ack.packet.file, ack.packet.siaddr]).toEqual(['', '0.0.0.0']);
  });

  test.each([
    ['BIOS', biosDiscover, 'undionly.kpxe'],
    ['UEFI', efiDiscover, 'snponly.efi'],
    ['iPXE', ipxeDiscover, `http://${server}/boot.ipxe`],
  ])('%s gets its file, no option 60, its UUID back', async (_name, discover, file) => {
    const { packet } = await answer(discover);
    expect([packet.file, packet.siaddr]).toEqual([file, server]);
    expect(textOption(packet.options, DhcpOption.bootFileName)).toBe(file);
    expect(packet.options.has(DhcpOption.vendorClass)).toBe(false);
    expect(packet.options.get(DhcpOption.clientUuid)).toEqual(discover.options.get(DhcpOption.clientUuid));
  });

  test('UEFI HTTP boot gets a URL and the class that it looks for', async () => {
    const { packet } = await answer(httpDiscover);
    expect(textOption(packet.options, DhcpOption.vendorClass)).toBe('HTTPClient');
    expect(textOption(packet.options, DhcpOption.bootFileName)).toBe(`http://${server}/snponly.efi`);
  });

  test('iPXE is told not to wait for proxies', async () => {
    expect((await answer(ipxeDiscover)).packet.options.get(DhcpOption.ipxe)).toEqual(Uint8Array.of(176, 1, 1));
  });

  test('the same machine has one address as ROM, as iPXE and as system', async () => {
    const addresses = [await bind(biosDiscover), await bind(ipxeDiscover), await bind(osDiscover)];
    expect(new Set(addresses).size).toBe(1);
  });

  test('a request to another server is passed over', async () => {
    expect(await reason(requestAfter(osDiscover, '10.0.0.2', '10.0.0.50'))).toBe('another server was chosen');
  });

  test('INIT-REBOOT: the own address is confirmed, a wrong one refused by broadcast', async () => {
    const address = await bind();
    const reboot = (requested: string) =>
      samplePacket([
        [DhcpOption.messageType, MessageType.request],
        [DhcpOption.requestedAddress, requested],
      ]);
    expect((await answer(reboot(address))).type).toBe('ack');
    const nak = await answer(reboot('192.168.77.5'));
    expect([nak.type, nak.to.how, nak.packet.yiaddr]).toEqual(['nak', 'broadcast', '0.0.0.0']);
    expect(nak.packet.options.has(DhcpOption.leaseSeconds)).toBe(false);
  });

  test('renewing goes by unicast and keeps ciaddr; a stranger to the address is refused', async () => {
    const address = await bind();
    const renewal = samplePacket([[DhcpOption.messageType, MessageType.request]], { ciaddr: address });
    const ack = await answer(renewal, unicastArrival);
    expect([ack.type, ack.to, ack.packet.ciaddr]).toEqual(['ack', { address, port: 68, how: 'unicast' }, address]);
    const stranger = { ...renewal, mac: '52:54:00:00:00:99' };
    expect((await answer(stranger, unicastArrival)).type).toBe('nak');
  });

  test('decline sets the address aside, but only by the machine that holds it', async () => {
    const address = await bind();
    const decline = samplePacket([
      [DhcpOption.messageType, MessageType.decline],
      [DhcpOption.requestedAddress, address],
      [DhcpOption.serverIdentifier, server],
    ]);
    expect(await reason({ ...decline, mac: '52:54:00:00:00:99' })).toBe('declines what it was not given');
    expect(await reason(decline)).toBe('noted');
    expect((await answer(osDiscover)).packet.yiaddr).not.toBe(address);
  });

  test('release frees the address', async () => {
    const address = await bind();
    expect(book.usage().held).toBe(1);
    const release = samplePacket([[DhcpOption.messageType, MessageType.release]], { ciaddr: address });
    expect(await reason(release, unicastArrival)).toBe('noted');
    expect(book.usage().held).toBe(0);
  });

  test('inform is answered without an address and without times', async () => {
    const inform = samplePacket([[DhcpOption.messageType, MessageType.inform]], { ciaddr: '10.0.0.7' });
    const { packet, type, to } = await answer(inform, unicastArrival);
    expect([type, packet.yiaddr, to.address]).toEqual(['ack', '0.0.0.0', '10.0.0.7']);
    expect(packet.options.has(DhcpOption.leaseSeconds)).toBe(false);
  });

  test('a relay is answered at its port 67 with its option 82; one of another network is not', async () => {
    const relayed = (giaddr: string) => ({
      ...osDiscover,
      giaddr,
      options: new Map([...osDiscover.options, [DhcpOption.relayAgentInformation, Uint8Array.of(1, 1, 9)] as const]),
    });
    const { packet, to } = await answer(relayed('10.0.0.200'), unicastArrival);
    expect(to).toEqual({ address: '10.0.0.200', port: 67, how: 'relay' });
    expect([...packet.options.keys()].at(-1)).toBe(DhcpOption.relayAgentInformation);
    expect(await reason(relayed('10.9.0.1'), unicastArrival)).toBe('relay of another network');
  });

  test('no address left', async () => {
    for (let index = 0; index < 10; index++) await answer({ ...osDiscover, mac: `52:54:00:00:01:0${index}` });
    expect(await reason({ ...osDiscover, mac: '52:54:00:00:02:00' })).toBe('no address left');
  });

  test('what does not fit the client is left out, what matters first is kept', async () => {
    const long = `http://${server}/${'x'.repeat(600)}`;
    const decision = await decide(osDiscover, broadcastArrival, { ...policy, bootFor: () => ({ file: long }) });
    if (decision.kind !== 'reply') throw new Error('no answer');
    expect(packetBytes(decision.packet)).toBeLessThanOrEqual(576 - 28);
    expect(decision.packet.options.has(DhcpOption.bootFileName)).toBe(false);
    expect(decision.packet.options.has(DhcpOption.subnetMask)).toBe(true);
  });
});

describe('as proxy', () => {
  beforeEach(() => {
    policy = { ...policy, mode: 'proxy' };
  });

  test.each([
    ['discover', biosDiscover, broadcastArrival, 'offer'],
    ['request on the boot service port', requestAfter(biosDiscover, '10.0.0.9', '10.0.0.50'), bootArrival, 'ack'],
  ])('%s gets a boot answer without an address', async (_name, request, arrival, type) => {
    const reply = await answer(request, arrival);
    expect([reply.type, reply.packet.yiaddr]).toEqual([type, '0.0.0.0']);
    expect([reply.packet.file, reply.packet.siaddr]).toEqual(['undionly.kpxe', server]);
    expect(textOption(reply.packet.options, DhcpOption.vendorClass)).toBe('PXEClient');
    expect(reply.packet.options.get(DhcpOption.vendorInformation)).toEqual(Uint8Array.of(6, 1, 8, 255));
    expect(reply.packet.options.has(DhcpOption.subnetMask)).toBe(false);
    expect(reply.packet.options.has(DhcpOption.leaseSeconds)).toBe(false);
    if (arrival === bootArrival) expect(reply.to).toMatchObject({ address: '10.0.0.50', port: 4011 });
  });

  test('everything else is left to the address server', async () => {
    expect(await reason(osDiscover)).toBe('no network boot client');
    expect(await reason(requestAfter(biosDiscover, '10.0.0.9', '10.0.0.50'))).toBe('left to the address server');
    expect(book.usage().held).toBe(0);
  });
});

test.each([
  ['a reply', { ...osDiscover, op: 2 }, 'not a request'],
  ['plain BOOTP', samplePacket([]), 'no message type'],
  ['a zero MAC', { ...osDiscover, mac: '00:00:00:00:00:00' }, 'no usable hardware address'],
  ['a multicast MAC', { ...osDiscover, mac: '01:00:5e:00:00:01' }, 'no usable hardware address'],
  ['an offer', samplePacket([[DhcpOption.messageType, MessageType.offer]]), 'a message of servers'],
  [
    'a request without address',
    samplePacket([[DhcpOption.messageType, MessageType.request]]),
    'request without an address',
  ],
  [
    'an inform without address',
    samplePacket([[DhcpOption.messageType, MessageType.inform]]),
    'inform without an address',
  ],
])('%s is ignored with its reason', async (_name, packet, why) => {
  expect(await reason(packet)).toBe(why);
});

describe('engine', () => {
  const log = silentLog;

  test('survives anything, and counts it', async () => {
    const engine = createEngine({ ...policy, log });
    const real = [biosDiscover, efiDiscover, httpDiscover, ipxeDiscover, osDiscover].map(encodePacket);
    const change = fc.tuple(fc.constantFrom(...real), fc.array(fc.tuple(fc.nat(320), fc.nat(255)), { maxLength: 6 }));
    let fed = 0;
    await fc.assert(
      fc.asyncProperty(
        change,
        fc.constantFrom(broadcastArrival, unicastArrival, bootArrival),
        async ([bytes, changes], arrival) => {
          const mutated = bytes.slice();
          for (const [offset, value] of changes) if (offset < mutated.length) mutated[offset] = value;
          await engine.handle(mutated, arrival, (reply) => void decodePacket(reply));
          fed++;
        },
      ),
      { numRuns: 3000 },
    );
    const counts = engine.counts();
    expect(counts.failed).toBeUndefined();
    expect(counts['bad: unexpected']).toBeUndefined();
    expect(Object.values(counts).reduce((sum, value) => sum + value, 0)).toBe(fed);
  });

  test('an address book that fails costs one answer', async () => {
    const broken = { ...book, offer: () => Promise.reject(new Error('away')) };
    const engine = createEngine({ ...policy, addressBook: broken, log });
    const sent: Uint8Array[] = [];
    await engine.handle(encodePacket(osDiscover), broadcastArrival, (reply) => sent.push(reply));
    expect([engine.counts(), sent.length]).toEqual([{ failed: 1 }, 0]);
  });

  test('a question repeated while it is being answered gets one answer', async () => {
    const engine = createEngine({ ...policy, log });
    const sent: Uint8Array[] = [];
    const ask = () => engine.handle(encodePacket(osDiscover), broadcastArrival, (reply) => sent.push(reply));
    await Promise.all([ask(), ask(), ask()]);
    expect(sent.length).toBe(1);
    await ask();
    expect([sent.length, engine.counts()]).toEqual([2, { offer: 2, 'ignored: being answered already': 2 }]);
  });

  test('changes its mode while running', async () => {
    const engine = createEngine({ ...policy, log });
    engine.setMode('proxy');
    await engine.handle(encodePacket({ ...osDiscover, mac: SAMPLE_MAC }), broadcastArrival, () => {});
    expect(engine.counts()).toEqual({ 'ignored: no network boot client': 1 });
  });
});
