import { expect, test } from 'vitest';
import { CallNames } from './call-names.ts';

const NAMES = [1, 2, 3].map((byte) => ({ infoHash: new Uint8Array(20).fill(byte), version2: byte < 3 }));
const [first, second, third] = NAMES as [(typeof NAMES)[0], (typeof NAMES)[0], (typeof NAMES)[0]];

test('an address that closes is asked by the next name, and by the first again after the last', () => {
  const names = new CallNames(NAMES);
  const asked = NAMES.concat(first).map(() => {
    const name = names.for('pc:1');
    names.refused('pc:1');
    return name;
  });
  expect(asked).toEqual([first, second, third, first]);
  expect(names.for('pc:2')).toBe(first);
});

test('a name that the address itself has used outlives some calls that are closed, not all', () => {
  const names = new CallNames(NAMES);
  names.used('pc:1', third.infoHash);
  for (let call = 0; call < 8; call++) names.refused('pc:1');
  expect(names.for('pc:1')).toBe(third);
  names.refused('pc:1');
  expect(names.for('pc:1')).toBe(first);
});

test('a name of another image is none', () => {
  const names = new CallNames(NAMES);
  names.used('pc:1', new Uint8Array(20));
  expect([names.find(new Uint8Array(20)), names.for('pc:1')]).toEqual([undefined, first]);
});

test('what is remembered has an end', () => {
  const names = new CallNames(NAMES);
  names.used('pc:1', third.infoHash);
  for (let port = 0; port < 5000; port++) names.refused(`pc:${port + 2}`);
  expect(names.for('pc:1')).toBe(first);
});
