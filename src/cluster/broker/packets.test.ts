import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FRAME_KINDS, type FrameKind } from '../mesh/frames.ts';
import { decodePacket, encodePacket } from './packets.ts';

const metadata = { name: 'lab-01', address: '10.0.0.1', since: 1, labels: {}, offers: [], listens: [], life: 0 };
const info = { seq: 3, instanceID: 'x', metadata };
const request = { id: 'c1', action: 'room.call', params: { data: '1' }, timeout: 500 };

function across(type: string, payload: Record<string, unknown>) {
  const frame = encodePacket({ type, payload })!;
  return decodePacket(frame.kind, frame.body)?.payload;
}

describe('packets', () => {
  test('cross with what this protocol needs of them', () => {
    expect(across('INFO', { ...info, ipList: ['1.2.3.4'], services: [{ name: 'evil' }] })).toMatchObject({
      ...info,
      ipList: [],
    });
    expect(across('REQ', { ...request, meta: { a: 1 }, caller: 'x' })).toMatchObject({ ...request, meta: {} });
    expect(across('RES', { id: 'c1', success: true, data: { data: '1' } })).toMatchObject({ data: { data: '1' } });
    const wrong = { error: { code: 'X_Y', message: 'no' } };
    expect(across('RES', { id: 'c1', success: true, data: wrong })).toMatchObject({ success: true, data: wrong });
    const refused = across('RES', {
      id: 'c1',
      success: false,
      error: Object.assign(new Error('no'), { stack: 'secret' }),
    });
    expect(refused).toMatchObject({ success: false, error: { message: 'no' } });
    expect(JSON.stringify(refused)).not.toContain('secret');
    expect(across('HEARTBEAT', { cpu: 7 })).toEqual({});
  });

  test('others of Moleculer are not sent', () => {
    for (const type of ['EVENT', 'PING', 'PONG', 'GOSSIP_REQ'])
      expect(encodePacket({ type, payload: {} })).toBeUndefined();
  });

  test.each([
    ['INFO', { ...info, seq: '1' }],
    ['INFO', { ...info, metadata: { ...metadata, labels: { a: 7 } } }],
    [
      'INFO',
      {
        ...info,
        metadata: { ...metadata, labels: Object.fromEntries(Array.from({ length: 99 }, (_, at) => [at, ''])) },
      },
    ],
    ['INFO', { ...info, metadata: { ...metadata, address: 'lab' } }],
    ['INFO', { ...info, metadata: { ...metadata, life: -1 } }],
    ['REQ', { ...request, action: '$node.list' }],
    ['REQ', { ...request, id: 'x'.repeat(99) }],
  ])('%s %j is none', (type, payload) => expect(across(type, payload)).toBeUndefined());

  test.each(['"x"', 'null', '[]x', ''])('a request with %s as parameters is none', (params) => {
    const body = `{"id":"c1","action":"room.call","params":${params}}`;
    expect(decodePacket(FRAME_KINDS.request, body)).toBeUndefined();
  });

  test('whatever a member makes up is a packet or none', () => {
    const kind = fc.constantFrom(...Object.values(FRAME_KINDS)) as fc.Arbitrary<FrameKind>;
    fc.assert(fc.property(kind, fc.oneof(fc.string(), fc.json()), (one, body) => void decodePacket(one, body)));
  });
});
