import fc from 'fast-check';
import { expect, test } from 'vitest';
import { laidOver, mergedSettings } from './merged-settings.ts';
import { MAX_SETTINGS_BYTES, parseSettings } from './parse-settings.ts';

test('a line for a rune: JSON where it is JSON, text where not', () => {
  const { settings, faults } = parseSettings(`# the lab
clock zone=Asia/Tokyo rtc=local   # Windows tomorrow
address-keeper pool={"first":"10.86.0.100","last":"10.86.0.200"} leaseSeconds=3600 probe=false
motd text="Hello to all" name=a=b empty=
clock rtc=utc
http append="quiet # no comment"
`);
  expect(faults).toEqual([]);
  expect(settings).toEqual({
    clock: { zone: 'Asia/Tokyo', rtc: 'utc' },
    'address-keeper': { pool: { first: '10.86.0.100', last: '10.86.0.200' }, leaseSeconds: 3600, probe: false },
    motd: { text: 'Hello to all', name: 'a=b', empty: '' },
    http: { append: 'quiet # no comment' },
  });
});

test.each([
  ['Clock zone=UTC', "'Clock' is no rune's name"],
  ['clock zone', "'zone' is no key=value"],
  ['clock =UTC', "'=UTC' is no key=value"],
])('%s', (line, message) => {
  expect(parseSettings(`\n${line}\n`)).toEqual({ settings: {}, lines: {}, faults: [{ line: 2, message }] });
});

test('a text of any kind is read, and one that is too long is not', () => {
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseSettings(text).faults)));
  expect(parseSettings(' '.repeat(MAX_SETTINGS_BYTES + 1)).faults).toMatchObject([{ line: 0 }]);
  expect(parseSettings('clock __proto__=1 zone=a').settings).toEqual({});
});

test('the medium wins over the image, key by key; lists of users go to their rune', () => {
  const file = (path: string, text: string) => ({ path, text });
  const { settings, places, faults } = mergedSettings([
    { settings: file('image:s', 'clock zone=UTC rtc=utc\nfstab swap=none\n'), users: file('image:u', 'anna\n') },
    {},
    { settings: file('medium:s', 'clock zone=Asia/Tokyo\nbad\nbad x\n'), users: file('medium:u', 'bert\n') },
  ]);
  expect(settings).toEqual({
    clock: { zone: 'Asia/Tokyo', rtc: 'utc' },
    fstab: { swap: 'none' },
    bad: {},
    users: { lists: [file('image:u', 'anna\n'), file('medium:u', 'bert\n')] },
  });
  expect(places).toEqual({ clock: { zone: 'medium:s:1', rtc: 'image:s:1' }, fstab: { swap: 'image:s:2' }, bad: {} });
  expect(faults).toEqual(["medium:s:3: 'x' is no key=value"]);
  expect(laidOver({ a: { x: 1 } }, { a: { y: 2 }, b: 7 })).toEqual({ a: { x: 1, y: 2 }, b: {} });
});
