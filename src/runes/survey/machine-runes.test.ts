import { expect, test } from 'vitest';
import { formatMachineRunes, type MachineRunes } from './machine-runes.ts';

const runes: MachineRunes = {
  role: 'lab',
  folders: [
    { runes: [{ path: 'image:/etc/RUNES/runes/bell.ts', text: '' }] },
    { runes: [{ path: 'medium:/RUNES/runes/bell.ts', text: '' }] },
  ],
  configured: {
    started: [{ rune: 'host-name', milliseconds: 12, changed: ['/etc/hostname', '/etc/hosts'] }],
    setAside: [{ rune: 'printers', reason: 'no ink' }],
    faults: ['rune x: no built-in rune and no file of that name'],
  },
  serving: {
    report: { started: [], setAside: [], faults: ['rune x: no built-in rune and no file of that name'] },
    runes: [
      {
        ...{ rune: 'bell', version: 1, origin: 'medium:/RUNES/runes/bell.ts', state: 'running' },
        ...{ answered: 7, failed: 1, uncaughtErrors: 0, processId: 99, memoryBytes: 29_400_000 },
      },
      {
        ...{ rune: 'dhcp', version: 1, origin: 'built-in', state: 'set-aside', reason: 'no address' },
        ...{ answered: 0, failed: 0, uncaughtErrors: 2 },
      },
    ],
  },
};

test('what became of each rune, and every fault once', () => {
  expect(formatMachineRunes(runes)).toBe(`role lab
RUNE       STAGE      STATE      FROM
host-name  configure  done       built-in                     12 ms; changed /etc/hostname /etc/hosts
printers   configure  set-aside  built-in                     no ink
bell       serve      running    medium:/RUNES/runes/bell.ts  7 calls answered; 1 failed; 29.4 MB
dhcp       serve      set-aside  built-in                     no address; 0 calls answered; 2 uncaught errors
fault: rune x: no built-in rune and no file of that name
`);
});

test('before the runes that serve have started', () => {
  const { serving: _, ...early } = runes;
  expect(formatMachineRunes(early)).not.toContain(' serve ');
});
