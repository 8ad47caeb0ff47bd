import { expect, test } from 'vitest';
import { createNaming } from './machine-book.ts';

const a = { mac: '52:54:00:00:00:dd' };
const b = { mac: '02:00:00:00:00:dd' };

test('two machines whose MACs end alike have two names, each the same each time', () => {
  const nameFor = createNaming([]);
  expect([nameFor(a, '10.0.0.2'), nameFor(b, '10.0.0.3'), nameFor(a, '10.0.0.2')]).toEqual([
    ...['pc-0000dd', 'pc-0200000000dd', 'pc-0000dd'],
  ]);
});

test("a name of the list is nobody else's", () => {
  const nameFor = createNaming([{ mac: '52:54:00:00:00:01', name: 'pc-0000dd' }]);
  expect(nameFor(a, '10.0.0.2')).toBe('pc-5254000000dd');
  expect(nameFor({ mac: '52:54:00:00:00:01' }, '10.0.0.9')).toBe('pc-0000dd');
});

test('a server that has just started asks the room who has a name', () => {
  const inRoom: Record<string, string> = { 'pc-0000dd': '10.0.0.2' };
  const nameFor = createNaming([], (name) => inRoom[name]);
  expect(nameFor(b, '10.0.0.3')).toBe('pc-0200000000dd');
  expect(nameFor(a, '10.0.0.2')).toBe('pc-0000dd');
});
