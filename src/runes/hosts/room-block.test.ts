import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sharedNames, withRoom } from './room-block.ts';

const hosts = '127.0.0.1\tlocalhost\n127.0.1.1\tteacher\n';
const machine = (name: string, address: string, since = 1) => ({ name, address, since });

test('a line for each of the others, and what stood around them stays', () => {
  const once = withRoom(hosts, [machine('lab-07', '10.77.0.7'), machine('teacher', '10.77.0.1')], 'teacher');
  expect(once).toBe(
    `${hosts}# the machines of the room, kept up to date by Viver\n10.77.0.7\tlab-07\n# end of the room\n`,
  );
  const edited = `# mine\n${once}10.9.9.9\tprinter\n`;
  expect(withRoom(edited, [machine('lab-08', '10.77.0.8')], 'teacher', 'school.test')).toBe(
    `# mine\n${hosts}# the machines of the room, kept up to date by Viver\n10.77.0.8\tlab-08.school.test lab-08\n# end of the room\n10.9.9.9\tprinter\n`,
  );
  expect(withRoom(edited, [], 'teacher')).not.toContain('lab-07');
});

test('of two machines with one name the first counts, and the name is known', () => {
  const two = [machine('lab-07', '10.77.0.9', 2), machine('lab-07', '10.77.0.7', 1)];
  expect(withRoom(hosts, two, 'teacher')).toContain('10.77.0.7\tlab-07\n# end');
  expect(sharedNames(two)).toEqual(['lab-07']);
});

test.each([
  machine('localhost', '10.77.0.66'),
  machine('teacher', '10.77.0.66'),
  machine('a b', '10.77.0.66'),
  machine('bank.example', '10.77.0.66'),
  machine('lab-07', '10.77.0.66 evil'),
])('a machine that says %j is not believed', (liar) => {
  expect(withRoom(hosts, [liar], 'teacher')).toBe(withRoom(hosts, [], 'teacher'));
});

test('whatever members say, the lines before the block are the same, and a second time changes nothing', () => {
  const claim = fc.record({ name: fc.string(), address: fc.oneof(fc.ipV4(), fc.string()), since: fc.integer() });
  fc.assert(
    fc.property(fc.array(claim), (machines) => {
      const once = withRoom(hosts, machines, 'teacher');
      expect(once.startsWith(hosts)).toBe(true);
      expect(withRoom(once, machines, 'teacher')).toBe(once);
      expect(once.split('\n').every((line) => /^(#.*|\S+\t\S+( \S+)?|)$/.test(line))).toBe(true);
    }),
  );
});
