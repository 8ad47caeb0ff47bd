import { describe, expect, test } from 'vitest';
import type { Member } from '../src/cluster/cluster.ts';
import { keptLog } from '../src/runes/testing/room.ts';
import { FakeSys } from '../src/sys/fake.ts';
import type { Field } from '../src/vfield/field.ts';
import type { Findings } from './facts.ts';
import { meetMembers, roomOptions } from './room.ts';

const key = Buffer.alloc(32, 7).toString('base64url');
const network = { mac: '52:54:00:12:34:56', address: '10.86.0.5' } as Findings['network'];

function fakeField(peers: string[] = []) {
  const added: string[] = [];
  const field = {
    port: 6881,
    metainfo: { infoHashV2: { toHex: () => 'ab'.repeat(32) } },
    status: () => ({ peers: peers.map((address) => ({ address })) }),
    addPeer: (address: string) => added.push(address),
  };
  return { field: field as unknown as Field, added };
}

describe('what a machine joins its room with', () => {
  const join = async (findings: Partial<Findings>, hostName = 'lab-05\n') => {
    const { log, lines } = keptLog();
    const sys = new FakeSys({ '/proc/sys/kernel/hostname': hostName });
    const { field } = fakeField(['10.86.0.1:6881', '10.86.0.1:50000', 'example.org:6881']);
    const options = await roomOptions({ sys, log }, { role: 'web', ...findings } as Findings, field);
    return { options, lines };
  };

  test('key, name, address, and the peers of the field as seeds', async () => {
    const { options } = await join({ network, roomKey: key } as Findings);
    expect(options).toEqual({
      key: new Uint8Array(32).fill(7),
      name: 'lab-05',
      address: '10.86.0.5',
      port: 6882,
      seeds: ['10.86.0.1'],
      labels: { role: 'web', field: '6881', image: 'abababababababab' },
    });
  });

  test('none without a key or an address, and a line for a key that is none', async () => {
    expect((await join({ network } as Findings)).options).toBeUndefined();
    expect((await join({ roomKey: key })).options).toBeUndefined();
    const { options, lines } = await join({ network, roomKey: 'short' } as Findings);
    expect(options).toBeUndefined();
    expect(lines[0]).toContain("the room's key has 3 bytes in place of 32");
  });
});

test('the field meets the members that say its port', () => {
  const { field, added } = fakeField();
  const member = (address: string, labels: Member['labels']) => ({ address, labels }) as Member;
  const lies = ['', 'x', '123456', '68 81', '1;2'].map((port) => member('10.0.0.9', { field: port }));
  meetMembers(
    field,
    [member('10.0.0.1', { field: '6881' }), member('10.0.0.2', { field: '7000' }), member('10.0.0.3', {}), ...lies],
    '10.0.0.1',
  );
  expect(added).toEqual(['10.0.0.2:7000']);
});
