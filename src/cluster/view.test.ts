import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MemberChange } from './cluster.ts';
import { View } from './view.ts';

const at = (life: number, role = 'node') => ({
  name: 'lab-01',
  address: '10.0.0.1',
  since: 1,
  labels: { role },
  offers: [],
  listens: [],
  life,
});

function watched(): { view: View; told: string[] } {
  const view = new View();
  const told: string[] = [];
  view.onChange(({ kind, member }: MemberChange) => told.push(`${kind} ${member.id}`));
  return { view, told };
}

describe('view', () => {
  test('tells each change once', () => {
    const { view, told } = watched();
    for (const role of ['node', 'node', 'web', 'web']) view.see('lab-01~a', at(0, role));
    view.forget('lab-01~a', 'left');
    view.forget('lab-01~a', 'lost');
    expect(told).toEqual(['joined lab-01~a', 'changed lab-01~a', 'left lab-01~a']);
  });

  test('who was lost comes back as a new member only', () => {
    const { view, told } = watched();
    view.see('lab-01~a', at(0));
    view.forget('lab-01~a', 'lost');
    view.see('lab-01~a', at(0));
    expect(view.members).toEqual([]);
    expect(view.lostLife('lab-01~a')).toBe(0);
    view.see('lab-01~a', at(1));
    expect(told).toEqual(['joined lab-01~a', 'lost lab-01~a', 'joined lab-01~a.1']);
    expect(view.baseOf('lab-01~a.1')).toBe('lab-01~a');
    expect(view.baseOf('lab-01~a')).toBeUndefined();
  });

  test('whatever happens: an id joins once, and what ended never comes back', () => {
    const step = fc.record({
      base: fc.constantFrom('a~1', 'b~1'),
      life: fc.nat(4),
      act: fc.constantFrom('see', 'left', 'lost'),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { view, told } = watched();
        for (const { base, life, act } of steps) {
          if (act === 'see') view.see(base, at(life));
          else view.forget(base, act as 'left');
        }
        const alive = new Set<string>();
        const ended = new Set<string>();
        for (const [kind, id] of told.map((line) => line.split(' ') as [string, string])) {
          expect(ended.has(id)).toBe(false);
          expect(alive.has(id)).toBe(kind !== 'joined');
          if (kind === 'joined') alive.add(id);
          if (kind === 'left' || kind === 'lost') ended.add(id) && alive.delete(id);
        }
        expect(new Set(view.members.map(({ id }) => id))).toEqual(alive);
      }),
    );
  });
});
