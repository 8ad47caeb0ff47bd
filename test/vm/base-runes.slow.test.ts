// Every base rune inside booted guests: a Debian 12 and a Debian 13, each as first PC and as a diskless one, one boot for all checks of a release. A rune's
// checks are in base-runes/NAME.ts. Needs QEMU, mmdebstrap, mtools and root; the systems are made when they are missing.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningMachine } from '../../lab/running-machine.ts';
import type { Check, Guest, GuestName } from './base-runes/check.ts';
import { CHECKS } from './base-runes/checks.ts';
import { type BenchKeys, putRunes } from './base-runes/medium.ts';
import { makePcDisk } from './base-runes/pc-disk.ts';
import { SYSTEMS } from './base-runes/systems.ts';
import { boot, diskless, type FieldRoom, openFieldRoom, sh } from './field-room.ts';

const PREPARE_MS = 1_200_000;
const SETTLE_MS = 180_000;
const POWER_OFF_MS = 90_000;
/** A second card, and a battery that ran out. */
const NODE = { secondNic: 'e1000e', clock: '2024-06-01T12:00:00' } as const;
const GUESTS: readonly GuestName[] = ['first', 'node'];

describe.each(SYSTEMS)('Debian $version', ({ version, directory, recipe }) => {
  let field: FieldRoom | undefined;
  const machines = new Map<GuestName, RunningMachine>();
  let keys: BenchKeys;

  beforeAll(async () => {
    const finishStick = async (stick: string) => {
      keys = await putRunes(stick);
    };
    field = await openFieldRoom(`base-runes-${version}`, 1.1, { directory, recipe, finishStick });
    machines.set('first', field.first);
    const disks = [await makePcDisk(directory)];
    machines.set('node', await boot(field.room, { ...diskless('node'), ...NODE, disks }));
    for (const machine of machines.values()) await settled(machine);
  }, PREPARE_MS);
  afterAll(() => field?.room.close());

  const machine = (name: GuestName): RunningMachine => machines.get(name)!;
  const guest = (name: GuestName): Guest => ({
    name,
    version,
    machine: machine(name),
    keys,
    other: machine(name === 'first' ? 'node' : 'first'),
    sh: (script, timeoutMs) => sh(machine(name), script, timeoutMs),
  });

  for (const name of GUESTS) {
    const wanted = CHECKS.filter((check) => (check.on ?? name) === name && (check.version ?? version) === version);
    test.each<Check>(wanted)(`${name}: $rune: $title`, (check) => check.run(guest(name)));
  }

  test.each<GuestName>(['node', 'first'])('%s powers off cleanly', { timeout: POWER_OFF_MS + 10_000 }, async (name) => {
    await machine(name).agent.powerDown();
    expect(await machine(name).waitExit(POWER_OFF_MS)).toMatchObject({ cause: 'guest' });
    expect(machine(name).console.failure).toBeUndefined();
  });
});

/** The system has started whatever it starts, well or not: that is for the checks to say. */
async function settled(machine: RunningMachine): Promise<void> {
  await machine.agent.shell('systemctl is-system-running --wait', SETTLE_MS);
}
