import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Member } from '../../cluster/cluster.ts';
import type { Where } from '../contract/room.ts';
import { choose } from './choose.ts';

const lamp = { name: 'lamp', version: 1 };

const offer = fc.record(
  {
    name: fc.constantFrom('lamp', 'heater'),
    version: fc.constantFrom(1, 2),
    labels: fc.dictionary(fc.constantFrom('colour', 'room'), fc.constantFrom('red', 'blue')),
    load: fc.double({ min: 0, max: 2, noNaN: true }),
  },
  { requiredKeys: ['name', 'version', 'labels'] },
);
const room = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 4 }),
    name: fc.constantFrom('lab-01', 'lab-02', 'lab-03'),
    address: fc.constant('10.0.0.1'),
    since: fc.nat(),
    labels: fc.dictionary(fc.constantFrom('colour', 'role'), fc.constantFrom('red', 'web')),
    offers: fc.uniqueArray(offer, { maxLength: 3, selector: ({ name }) => name }),
  }),
  { minLength: 1, maxLength: 12, selector: ({ id }) => id },
) as fc.Arbitrary<Member[]>;
const wish = fc.record(
  {
    host: fc.constantFrom('lab-01', 'lab-02', 'lab-09'),
    labels: fc.dictionary(fc.constantFrom('colour', 'role'), fc.constantFrom('red', 'web')),
    by: fc.constant('load' as const),
  },
  { requiredKeys: [] },
);
const shuffled = <T>(list: readonly T[]) => [...list].reverse();

describe('the choice', () => {
  test('has every offer that fits, and no other', () => {
    fc.assert(
      fc.property(room, wish, fc.nat(), (members, where, index) => {
        const self = members[index % members.length]!;
        const chosen = choose(members, self.id, lamp, where);
        const fits = (member: Member) =>
          (where.host === undefined || where.host === member.name) &&
          member.offers.some(
            ({ name, version, labels }) =>
              name === 'lamp' &&
              version === 1 &&
              Object.entries(where.labels ?? {}).every(([key, value]) => (labels[key] ?? member.labels[key]) === value),
          );
        expect(chosen.map(({ memberId }) => memberId).sort()).toEqual(
          members
            .filter(fits)
            .map(({ id }) => id)
            .sort(),
        );
      }),
    );
  });

  test('by load is never followed by a smaller one, and who says none is last', () => {
    fc.assert(
      fc.property(room, (members) => {
        const loads = choose(members, members[0]!.id, lamp, { by: 'load' }).map(({ load = 1e9 }) => load);
        expect(loads).toEqual(loads.toSorted((one, other) => one - other));
      }),
    );
  });

  test('does not depend on the order of the members, and begins with the own machine among equals', () => {
    fc.assert(
      fc.property(room, wish, (members, where) => {
        const self = members[0]!;
        const chosen = choose(members, self.id, lamp, where);
        expect(choose(shuffled(members), self.id, lamp, where)).toEqual(chosen);
        const own = chosen.find(({ memberId }) => memberId === self.id);
        if (own && where.by === undefined) expect(chosen[0]).toBe(own);
        if (own && where.by) expect(chosen.find(({ load }) => load === own.load)).toBe(own);
      }),
    );
  });

  test('machines without an own offer do not all choose the same', () => {
    const ids = ['a', 'b', 'c', 'd'];
    const member = (id: string, offers: Member['offers']): Member => ({
      id,
      name: id,
      address: '',
      since: 0,
      labels: {},
      offers,
    });
    const members = [
      ...ids.map((id) => member(`${id}1`, [{ ...lamp, labels: {} }])),
      ...ids.map((id) => member(`${id}0`, [])),
    ];
    expect(ids.map((id) => choose(members, `${id}0`, lamp)[0]?.memberId)).toEqual(['a1', 'b1', 'c1', 'd1']);
  });

  test('finds by name, by member id, and by what is true of machine and offer', () => {
    const members: Member[] = [
      {
        id: 'm1',
        name: 'lab-01',
        address: '10.0.0.1',
        since: 0,
        labels: { role: 'web', colour: 'blue' },
        offers: [{ ...lamp, labels: { colour: 'red' }, load: 0.5 }],
      },
    ];
    const found = {
      host: 'lab-01',
      memberId: 'm1',
      address: '10.0.0.1',
      labels: { role: 'web', colour: 'red' },
      load: 0.5,
    };
    for (const where of [{}, { host: 'lab-01' }, { host: 'm1' }, { labels: { role: 'web', colour: 'red' } }]) {
      expect(choose(members, 'x', lamp, where)).toEqual([found]);
    }
    const none: Where[] = [{ host: 'lab-02' }, { labels: { colour: 'blue' } }, { labels: { toString: 'red' } }];
    for (const where of none) {
      expect(choose(members, 'x', lamp, where)).toEqual([]);
    }
    expect(choose(members, 'x', { name: 'lamp', version: 2 })).toEqual([]);
  });
});
