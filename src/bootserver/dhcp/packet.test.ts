import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ViverError } from '../../errors.ts';
import { DhcpOption, MessageType } from './option-codes.ts';
import { addressOption, encodeOption, numberOption, numbersOption, textOption } from './options.ts';
import {
  type DhcpPacket,
  decodePacket,
  EMPTY_PACKET,
  encodePacket,
  formatPacket,
  messageTypeOf,
  packetBytes,
} from './packet.ts';
import { biosDiscover, efiDiscover, httpDiscover, ipxeDiscover, osDiscover, samplePacket } from './sample-packets.ts';

const HEADER = 240;
const samples = { biosDiscover, efiDiscover, httpDiscover, ipxeDiscover, osDiscover };

/** A DISCOVER whose options field is exactly these bytes. */
function withOptionBytes(options: number[], change: (bytes: Uint8Array) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(HEADER + options.length);
  bytes.set(encodePacket(samplePacket([])).subarray(0, HEADER));
  bytes.set(options, HEADER);
  change(bytes);
  return bytes;
}

const octet = fc.integer({ min: 0, max: 255 });
const address = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
const mac = fc
  .array(octet, { minLength: 6, maxLength: 6 })
  .map((octets) => octets.map((o) => o.toString(16).padStart(2, '0')).join(':'));
const anyPacket: fc.Arbitrary<DhcpPacket> = fc.record({
  op: fc.constantFrom(1, 2),
  hops: octet,
  xid: fc.nat(0xffffffff),
  secs: fc.nat(0xffff),
  broadcast: fc.boolean(),
  ciaddr: address,
  yiaddr: address,
  siaddr: address,
  giaddr: address,
  mac,
  sname: fc.stringMatching(/^[a-z0-9.]{0,63}$/),
  file: fc.stringMatching(/^[a-z0-9./]{0,127}$/),
  // 52 would say that file and sname are options.
  options: fc
    .array(
      fc.tuple(
        fc.integer({ min: 1, max: 254 }).filter((code) => code !== 52),
        fc.uint8Array({ minLength: 0, maxLength: 600 }),
      ),
    )
    .map((rows) => new Map(rows)),
});

describe('packet', () => {
  test('decode undoes encode', () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        fc.pre(packetBytes(packet) <= 4096);
        const bytes = encodePacket(packet);
        expect(bytes.length).toBe(packetBytes(packet));
        const again = decodePacket(bytes);
        expect({ ...again, options: null }).toEqual({ ...packet, options: null });
        expect([...again.options].sort(byCode)).toEqual([...packet.options].sort(byCode));
      }),
    );
  });

  test('random bytes give a packet or a ViverError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.boolean(), (noise, asPacket) => {
        const bytes = asPacket ? withOptionBytes([...noise]) : noise;
        expectOnlyViverError(() => formatPacket(decodePacket(bytes)));
      }),
      { numRuns: 2000 },
    );
  });

  test('every byte of real requests changed', () => {
    for (const packet of Object.values(samples)) {
      const bytes = encodePacket(packet);
      for (let offset = 0; offset < bytes.length; offset++) {
        for (const value of [0, 1, 52, 127, 254, 255, bytes[offset]! ^ 1]) {
          const changed = bytes.slice();
          changed[offset] = value;
          expectOnlyViverError(() => formatPacket(decodePacket(changed)));
        }
      }
    }
  });

  test('a reply has 300 bytes, message type and server first, relay information last', () => {
    const bytes = encodePacket(
      samplePacket([
        [DhcpOption.relayAgentInformation, [1, 1, 7]],
        [DhcpOption.subnetMask, '255.255.255.0'],
        [DhcpOption.clientUuid, [0, ...new Uint8Array(16)]],
        [DhcpOption.serverIdentifier, '10.0.0.1'],
        [DhcpOption.messageType, MessageType.offer],
      ]),
    );
    expect(bytes.length).toBe(300);
    expect([...decodePacket(bytes).options.keys()]).toEqual([53, 54, 1, 97, 82]);
  });

  test.each([
    ['239 bytes', encodePacket(EMPTY_PACKET).subarray(0, 239), 'DHCP_SHORT'],
    ['4097 bytes', new Uint8Array(4097), 'DHCP_TOO_LONG'],
    ['another cookie', withOptionBytes([255], (bytes) => bytes.fill(0, 236, 240)), 'DHCP_BAD_MAGIC'],
    ['InfiniBand', withOptionBytes([255], (bytes) => bytes.fill(32, 1, 2)), 'DHCP_BAD_HARDWARE'],
    ['an option past the end', withOptionBytes([53, 2, 1]), 'DHCP_SHORT'],
    ['an option without length', withOptionBytes([53]), 'DHCP_SHORT'],
  ])('refuses %s', (_what, bytes, code) => {
    expect(() => decodePacket(bytes)).toThrow(expect.objectContaining({ code }));
  });

  test('PAD takes one byte, a missing END is accepted, what stands behind END is not read', () => {
    expect(messageTypeOf(decodePacket(withOptionBytes([0, 0, 53, 1, 1])))).toBe(1);
    expect(messageTypeOf(decodePacket(withOptionBytes([255, 53, 1, 1])))).toBeUndefined();
  });

  test('option overload: file, then sname hold options, and are no text then', () => {
    const packet = decodePacket(
      withOptionBytes([52, 1, 3, 67, 2, 97, 98, 255], (bytes) => {
        bytes.set([67, 1, 99, 255], 108);
        bytes.set([67, 1, 100, 53, 1, 3, 255], 44);
      }),
    );
    expect(textOption(packet.options, DhcpOption.bootFileName)).toBe('abcd');
    expect(messageTypeOf(packet)).toBe(MessageType.request);
    expect([packet.file, packet.sname, packet.options.has(DhcpOption.overload)]).toEqual(['', '', false]);
  });

  test('values have the length of their type, or count as missing', () => {
    const options = new Map([
      [DhcpOption.leaseSeconds, Uint8Array.of(0, 0, 14)],
      [DhcpOption.requestedAddress, Uint8Array.of(10, 0, 0, 1, 2)],
      [DhcpOption.clientArchitecture, Uint8Array.of(0, 7)],
    ]);
    expect(numberOption(options, DhcpOption.leaseSeconds)).toBeUndefined();
    expect(addressOption(options, DhcpOption.requestedAddress)).toBeUndefined();
    expect(numbersOption(options, DhcpOption.clientArchitecture)).toEqual([7]);
  });

  test('text is UTF-8, long values are split and joined (RFC 3396), what no type can hold is refused', () => {
    expect(encodeOption(DhcpOption.hostName, 'gép')).toEqual(new TextEncoder().encode('gép'));
    const url = `http://10.0.0.1/${'x'.repeat(400)}`;
    const packet = samplePacket([[DhcpOption.bootFileName, url]]);
    expect(textOption(decodePacket(encodePacket(packet)).options, DhcpOption.bootFileName)).toBe(url);
    expect(() => encodeOption(DhcpOption.subnetMask, '10.0.0')).toThrow(
      expect.objectContaining({ code: 'DHCP_BAD_OPTION' }),
    );
    expect(() => encodeOption(DhcpOption.leaseSeconds, -1)).toThrow(
      expect.objectContaining({ code: 'DHCP_BAD_OPTION' }),
    );
  });

  test('one line for people', () => {
    expect(formatPacket(efiDiscover)).toBe(
      'discover 52:54:00:12:34:56 xid=12345678 efiByteCode ' +
        'options=messageType,maximumMessageBytes,vendorClass,clientArchitecture,clientNetworkInterface,clientUuid,parameterRequestList',
    );
  });
});

const byCode = (a: [number, Uint8Array], b: [number, Uint8Array]) => a[0] - b[0];

function expectOnlyViverError(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ViverError);
  }
}
