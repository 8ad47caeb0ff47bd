import { describe, expect, test } from 'vitest';
import { encodeConnect, encodeDisconnect, encodeFamilyRequest, encodeReconfigure, familyIn } from './nbd-messages.ts';
import { decodeAttributes, decodeGenericAnswer, type NetlinkAnswer, nestedAttribute, u32Attribute } from './netlink.ts';

const FAMILY = 0x1c;
const DEVICE = { family: FAMILY, index: 0, sizeBytes: 8192, socket: 17, outlives: true };

/** The fields of a generic netlink request: family, command, attributes by type. */
function dissect(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer);
  expect(view.getUint32(0, true)).toBe(bytes.length);
  const attributes = decodeAttributes(bytes.subarray(20));
  return {
    family: view.getUint16(4, true),
    command: bytes[16],
    attributes: new Map(attributes.map(({ type, value }) => [type, value])),
  };
}

const u64 = (value: Uint8Array) => new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0, true);
const socketItem = (socket: number) => nestedAttribute(1, [u32Attribute(1, socket)]);

describe('attaching a device', () => {
  const { family, command, attributes } = dissect(encodeConnect(DEVICE));

  test('is NBD_CMD_CONNECT with index, size, block size, flags and one socket', () => {
    expect([family, command]).toEqual([FAMILY, 1]);
    expect(attributes.get(1)).toEqual(Uint8Array.of(0, 0, 0, 0));
    expect([2, 3, 5].map((type) => u64(attributes.get(type)!))).toEqual([8192n, 4096n, 0x103n]);
    expect(decodeAttributes(attributes.get(7)!)).toEqual([{ type: 1, value: socketItem(17).value }]);
  });

  test('sets no timeout for answers, and for a dead connection one that nobody lives to see', () => {
    expect(attributes.has(4)).toBe(false);
    const seconds = u64(attributes.get(8)!);
    expect(seconds).toBeGreaterThan(86_400n * 365n);
    // The driver multiplies by HZ (at most 1000) and waits for a signed 64-bit number of ticks.
    expect(seconds * 1000n).toBeLessThan(2n ** 63n);
  });
});

test('a device that fails with its connection has no such time', () => {
  const { attributes } = dissect(encodeConnect({ ...DEVICE, outlives: false }));
  expect([...attributes.keys()]).toEqual([1, 2, 3, 5, 7]);
});

test('detaching names the device', () => {
  const { command, attributes } = dissect(encodeDisconnect(FAMILY, 5));
  expect([command, [...attributes.keys()], attributes.get(1)![0]]).toEqual([2, [1], 5]);
});

test('taking over names the device and the new socket, and changes neither size nor timeouts', () => {
  const { command, attributes } = dissect(encodeReconfigure(FAMILY, 3, 9));
  expect(command).toBe(3);
  expect([...attributes.keys()]).toEqual([1, 7]);
  expect(attributes.get(1)).toEqual(Uint8Array.of(3, 0, 0, 0));
  expect(decodeAttributes(attributes.get(7)!)).toEqual([{ type: 1, value: socketItem(9).value }]);
});

describe('the family', () => {
  test('is asked for by name', () => {
    const { family, command, attributes } = dissect(encodeFamilyRequest());
    expect([family, command]).toEqual([16, 3]);
    expect(new TextDecoder().decode(attributes.get(2))).toBe('nbd\0');
  });

  test('is read from the answer, if there is one', () => {
    const data = (type: number): NetlinkAnswer => ({
      kind: 'data',
      attributes: [{ type, value: Uint8Array.of(0x34, 0x12) }],
    });
    expect(familyIn(data(1))).toBe(0x1234);
    expect(familyIn(data(2))).toBeUndefined();
    expect(familyIn({ kind: 'status', errno: 2 })).toBeUndefined();
  });

  test('a refusal is a positive errno', () => {
    const bytes = new Uint8Array(36);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 36, true);
    view.setUint16(4, 2, true); // NLMSG_ERROR
    view.setInt32(16, -22, true); // -EINVAL
    expect(decodeGenericAnswer(bytes)).toEqual({ kind: 'status', errno: 22 });
  });
});
