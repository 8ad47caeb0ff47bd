import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressFault, knownMachines, machineOf } from './known-machines.ts';
import { MAX_MACHINES_BYTES, parseMachines } from './parse-machines.ts';

const file = (text: string, path = 'medium:/RUNES/machines') => ({ machines: { path, text } });

describe('the list', () => {
  test('a line has MAC and name, and if wanted address, role and more', () => {
    const { machines, faults } = parseMachines(`# the lab
52:54:00:00:00:07 lab-07 10.86.0.7 role=lab seat=3b # at the window
52-54-00-00-00-0A  Lab-08   role=teacher

52:54:00:00:00:0b lab-09
`);
    expect(faults).toEqual([]);
    expect(machines).toEqual([
      {
        line: 2,
        mac: '52:54:00:00:00:07',
        name: 'lab-07',
        address: '10.86.0.7',
        role: 'lab',
        settings: { seat: '3b' },
      },
      { line: 3, mac: '52:54:00:00:00:0a', name: 'lab-08', role: 'teacher', settings: {} },
      { line: 5, mac: '52:54:00:00:00:0b', name: 'lab-09', settings: {} },
    ]);
  });

  test.each([
    ['52:54:00:00:07 lab-07', "'52:54:00:00:07' is no MAC address (52:54:00:12:34:56)"],
    ['52:54:00:00:00:07', "'' is no host name (letters, digits and -, 63 at most)"],
    ['52:54:00:00:00:07 lab_07', "'lab_07' is no host name (letters, digits and -, 63 at most)"],
    [
      '52:54:00:00:00:07 lab-07.school.test',
      "'lab-07.school.test' is no host name (letters, digits and -, 63 at most)",
    ],
    ['52:54:00:00:00:07 lab-07 10.86.0.256', "'10.86.0.256' is no IPv4 address"],
    ['52:54:00:00:00:07 lab-07 role=Lab', "'Lab' is no role name (lower-case words joined by '-')"],
    ['52:54:00:00:00:07 lab-07 role=a role=b', 'role= is there twice'],
    [
      '52:54:00:00:00:07 lab-07 10.86.0.7 10.86.0.8',
      "'10.86.0.8' is neither the address behind the name nor key=value",
    ],
    ['52:54:00:00:00:01 lab-07', '52:54:00:00:00:01 is in line 1 already'],
    ['52:54:00:00:00:07 lab-01', 'lab-01 is in line 1 already'],
    ['52:54:00:00:00:07 lab-07 10.86.0.1', '10.86.0.1 is in line 1 already'],
  ])('%s', (line, message) => {
    const { machines, faults } = parseMachines(`52:54:00:00:00:01 lab-01 10.86.0.1\n${line}\n`);
    expect(faults).toEqual([{ line: 2, message }]);
    expect(machines).toHaveLength(1);
  });

  test('a text of any kind is read to its end, and no two lines share a MAC, a name or an address', () => {
    const word = fc.constantFrom(
      '52:54:00:00:00:07',
      '52:54:00:00:00:08',
      'a',
      'b',
      '10.0.0.1',
      'role=x',
      '#',
      '\n',
      '=',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 60 }), (words) => {
        const { machines } = parseMachines(words.join(' '));
        for (const what of ['mac', 'name', 'address'] as const) {
          const values = machines.map((machine) => machine[what]).filter((value) => value !== undefined);
          expect(new Set(values).size).toBe(values.length);
        }
      }),
    );
  });

  test('a list that is too long is none', () => {
    expect(parseMachines('#'.repeat(MAX_MACHINES_BYTES + 1))).toMatchObject({ machines: [], faults: [{ line: 0 }] });
  });
});

test("the medium's lines win over the image's, by MAC, name and address", () => {
  const image = file(
    '52:54:00:00:00:01 a 10.0.0.1\n52:54:00:00:00:02 b 10.0.0.2\n52:54:00:00:00:03 c\n52:54:00:00:00:04 d\nbad\n',
    'image:/etc/RUNES/machines',
  );
  const medium = file('52:54:00:00:00:01 z\n52:54:00:00:00:05 e 10.0.0.2\n52:54:00:00:00:06 c\n');
  const { machines, faults } = knownMachines([image, {}, medium]);
  expect(machines.map(({ mac, name }) => `${mac.at(-1)} ${name}`)).toEqual(['4 d', '1 z', '5 e', '6 c']);
  expect(machineOf(machines, '52:54:00:00:00:01'.toUpperCase())).toEqual({
    mac: '52:54:00:00:00:01',
    name: 'z',
    settings: {},
  });
  expect(faults).toEqual(["image:/etc/RUNES/machines:5: 'bad' is no MAC address (52:54:00:12:34:56)"]);
});

describe('addresses that a network can give', () => {
  const network = { serverAddress: '10.86.0.1', netmask: '255.255.255.0', taken: ['10.86.0.1'] };
  const machine = (address?: string) => ({ mac: '', name: 'lab-07', settings: {}, ...(address ? { address } : {}) });

  test.each([undefined, '10.86.0.2', '10.86.0.254'])('%s', (address) => {
    expect(addressFault(machine(address), network)).toBeUndefined();
  });

  test.each(['10.86.0.0', '10.86.0.255', '10.87.0.7'])('%s is of another network', (address) => {
    expect(addressFault(machine(address), network)).toBe(
      `lab-07 can't have ${address}: it is no address of this network (10.86.0.0, mask 255.255.255.0)`,
    );
  });

  test("the server's own", () => {
    expect(addressFault(machine('10.86.0.1'), network)).toContain('the boot server or the router has it');
  });
});
