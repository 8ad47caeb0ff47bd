import { expect, test } from 'vitest';
import type { Offer } from '../cluster/cluster.ts';
import { formatMembers } from './format-members.ts';

test('machines by name, each with what its runes offer', () => {
  const member = { address: '10.86.0.3', since: Date.UTC(2026, 0, 2, 3, 4, 5), labels: { role: 'web' } };
  const offers: Offer[] = [
    { name: 'resource-monitor', version: 1, labels: {}, load: 0.25 },
    { name: 'door', version: 2, labels: { floor: '3' } },
  ];
  expect(
    formatMembers([
      { ...member, id: 'a', name: 'lab-10', offers },
      { ...member, id: 'b', name: 'lab-02', offers: [], labels: {}, since: Number.NaN },
    ]),
  ).toBe(`NAME    ADDRESS    ROLE  SINCE
lab-02  10.86.0.3  -     ?
lab-10  10.86.0.3  web   2026-01-02 03:04:05 UTC
  resource-monitor v1  load 0.25
  door v2  floor=3
`);
  expect(formatMembers(undefined)).toBe('this machine is in no room\n');
});
