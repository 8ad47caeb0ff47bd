import { expect, test } from 'vitest';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';
import { Dialer } from './dialer.ts';

/** A dialer whose calls nobody answers. @returns the times at which it called each address */
async function callsIn(milliseconds: number, hurry: boolean, prepare: (dialer: Dialer) => void) {
  const clock = new VirtualClock();
  const calls = new Map<string, number[]>();
  const dial = async (address: string): Promise<void> => {
    calls.set(address, [...(calls.get(address) ?? []), clock.now()]);
    throw new Error('nobody there');
  };
  const dialer = new Dialer({ clock, dial });
  prepare(dialer);
  dialer.hurry = hurry;
  const again = (): void => {
    dialer.tick();
    clock.setTimeout(again, 50);
  };
  again();
  await clock.run(milliseconds);
  return (address: string): number[] => calls.get(address) ?? [];
}

const pauses = (times: readonly number[]): number[] => times.slice(1).map((time, at) => time - times[at]!);

test('an address that nobody answers at is called less and less often, also while somebody waits', async () => {
  for (const hurry of [false, true]) {
    const calls = await callsIn(60_000, hurry, (dialer) => dialer.add('10.0.0.9:6881'));
    const all = pauses(calls('10.0.0.9:6881'));
    expect(all[0]).toBeLessThanOrEqual(hurry ? 365 : 1_300);
    expect(all.at(-1)).toBeGreaterThanOrEqual(3_750);
    expect(Math.max(...all)).toBeLessThanOrEqual(6_300);
    expect(calls('10.0.0.9:6881').length).toBeLessThan(30);
  }
});

test('while somebody waits, who is counted on is called four times a second', async () => {
  const calls = await callsIn(30_000, true, (dialer) => {
    dialer.add('10.0.0.1:6881', true);
    dialer.add('10.0.0.2:6881');
    dialer.connected('10.0.0.2:6881');
    dialer.isMember('10.0.0.2:6881');
    dialer.lost('10.0.0.2:6881', true);
  });
  for (const address of ['10.0.0.1:6881', '10.0.0.2:6881']) {
    expect(Math.max(...pauses(calls(address)))).toBeLessThanOrEqual(365);
    expect(calls(address).length).toBeGreaterThan(80);
  }
});
