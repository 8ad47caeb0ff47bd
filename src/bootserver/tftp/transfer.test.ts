import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { negotiate } from './negotiate.ts';
import { newTransfer, step, type TransferAction, type TransferState } from './transfer.ts';

const terms = (options: Record<string, string>, sizeBytes: number) =>
  negotiate(new Map(Object.entries(options)), sizeBytes);
const plain = (sizeBytes: number) => newTransfer(terms({}, sizeBytes), sizeBytes);
const windowed = (sizeBytes: number, windowsize: number) =>
  newTransfer(terms({ windowsize: String(windowsize) }, sizeBytes), sizeBytes);

/** Feeds ACKs (numbers) and other events without a moment between them; gives the last actions as short words. */
function run(state: TransferState, ...events: Array<number | 'start' | 'timeout'>): [TransferState, string] {
  let words = '';
  for (const event of events) {
    const [next, actions] = step(
      { ...state, roundTrip: undefined },
      typeof event === 'number' ? { kind: 'ack', block: event } : { kind: event },
      0,
    );
    state = next;
    words = actions.map(word).join(' ');
  }
  return [state, words];
}

function word(action: TransferAction): string {
  if (action.kind === 'send-blocks')
    return action.first === action.last ? `${action.first}` : `${action.first}-${action.last}`;
  if (action.kind === 'set-timer') return action.ms === 30 ? 'moment' : 'wait';
  return action.kind === 'end' ? action.outcome : 'oack';
}

const said = (state: TransferState, ...events: Array<number | 'start' | 'timeout'>) => run(state, ...events)[1];

describe('transfer', () => {
  test.each([
    [0, 1],
    [1, 1],
    [511, 1],
    [512, 2],
    [1024, 3],
    [34_000_000, 66_407],
  ])('%i bytes end with block %i', (sizeBytes, lastBlock) => {
    expect(plain(sizeBytes).lastBlock).toBe(lastBlock);
  });

  test('lock-step without options', () => {
    expect(said(plain(1024), 'start')).toBe('1 wait');
    expect(said(plain(1024), 'start', 1)).toBe('2 wait');
    expect(said(plain(1024), 'start', 1, 2)).toBe('3 wait');
    expect(said(plain(1024), 'start', 1, 2, 3)).toBe('done');
  });

  test('options are confirmed first, and only ACK 0 goes on from there', () => {
    expect(said(windowed(9000, 4), 'start')).toBe('oack wait');
    expect(said(windowed(9000, 4), 'start', 1)).toBe('');
    expect(said(windowed(9000, 4), 'start', 0)).toBe('1-4 wait');
    expect(said(windowed(9000, 4), 'start', 'timeout')).toBe('oack wait');
  });

  test('a repeated or foreign ACK sends nothing in lock-step', () => {
    expect(said(plain(5000), 'start', 1, 1)).toBe('');
    expect(said(plain(5000), 'start', 1, 0)).toBe('');
    expect(said(plain(5000), 'start', 1, 7)).toBe('');
  });

  test('an ACK inside of the window goes on behind it', () => {
    expect(said(windowed(50_000, 8), 'start', 0, 3)).toBe('4-11 wait');
    expect(said(windowed(50_000, 8), 'start', 0, 8)).toBe('9-16 wait');
  });

  test('a repeated ACK with a window: one repetition, after a moment without progress', () => {
    const opened = run(windowed(50_000, 8), 'start', 0, 8)[0];
    expect(said(opened, 8)).toBe('moment');
    expect(said(opened, 8, 8)).toBe('');
    expect(said(opened, 8, 'timeout')).toBe('9-16 wait');
    expect(said(opened, 8, 'timeout', 8)).toBe('');
    expect(said(opened, 8, 16)).toBe('17-24 wait');
  });

  test('silence: the window again, more slowly, then the end', () => {
    let state = run(windowed(50_000, 2), 'start', 0)[0];
    const waits: number[] = [];
    for (let nowMs = 1000; state.phase === 'data'; nowMs += waits.at(-1) ?? 0) {
      const [next, actions] = step(state, { kind: 'timeout' }, nowMs);
      state = next;
      for (const action of actions) {
        if (action.kind === 'set-timer') waits.push(action.ms);
        else if (action.kind === 'send-blocks') expect([action.first, action.last]).toEqual([1, 2]);
        else expect(action).toMatchObject({ kind: 'end', outcome: 'silent' });
      }
    }
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 4000, 4000, 4000, 4000]);
  });

  test('the wait follows the round trips, but not of packets that were sent twice', () => {
    const waitAfter = (state: TransferState, block: number, nowMs: number): [TransferState, number] => {
      const [next, actions] = step(state, { kind: 'ack', block }, nowMs);
      const timer = actions.find((action) => action.kind === 'set-timer');
      return [next, timer?.ms ?? 0];
    };
    let state = step(plain(50_000), { kind: 'start' }, 0)[0];
    let waitMs: number;
    [state, waitMs] = waitAfter(state, 1, 200); // a slow machine
    expect(waitMs).toBe(600);
    for (let block = 2; block <= 40; block++) [state, waitMs] = waitAfter(state, block, 200 * block);
    expect(waitMs).toBeGreaterThanOrEqual(200);
    expect(waitMs).toBeLessThan(220);
    state = step(state, { kind: 'timeout' }, 8200)[0];
    [state, waitMs] = waitAfter(state, 41, 8201);
    expect(waitMs).toBeGreaterThanOrEqual(200);
    for (let block = 42; block <= 90; block++) [state, waitMs] = waitAfter(state, block, 8201 + block / 10);
    expect(waitMs).toBe(100);
  });

  test('block numbers go from 65535 to 0', () => {
    let state = run(plain(34_000_000), 'start')[0];
    for (let block = 1; block < 65_535; block++) state = run(state, block & 0xffff)[0];
    expect(said(state, 65_535)).toBe('65536 wait');
    expect(said(state, 65_535, 0)).toBe('65537 wait');
    expect(said(state, 65_535, 0, 1)).toBe('65538 wait');
  });

  test('an error of the client ends it, and nothing follows', () => {
    const [state, actions] = step(run(plain(5000), 'start')[0], { kind: 'error', message: 'enough' }, 0);
    expect(actions).toEqual([{ kind: 'end', outcome: 'refused', message: 'enough' }]);
    expect(said(state, 1)).toBe('');
  });

  test('a receiver on a bad line gets every byte, whatever is lost, doubled or late', () => {
    const line = fc.record({
      sizeBytes: fc.nat(40_000),
      windowsize: fc.integer({ min: 1, max: 20 }),
      seed: fc.nat(1_000_000),
    });
    fc.assert(
      fc.property(line, ({ sizeBytes, windowsize, seed }) => {
        expect(receive(sizeBytes, windowsize, seed)).toBe(Math.floor(sizeBytes / 512) + 1);
      }),
      { numRuns: 300 },
    );
  });
});

/** A receiver as in RFC 7440 4: acknowledges whole windows, and what it has when something is missing. 10 % of packets are lost, 5 % doubled. */
function receive(sizeBytes: number, windowsize: number, seed: number): number {
  let state = windowed(sizeBytes, windowsize);
  let dice = seed;
  let has = 0;
  let inWindow = 0;
  let inbox: number[] = [];
  let nowMs = 0;
  let waitMs = 0;
  const fate = () => {
    dice = (Math.imul(dice, 1_664_525) + 1_013_904_223) >>> 0;
    return (dice >>> 16) % 100;
  };
  const acks: number[] = [];
  const ack = () => {
    inWindow = 0;
    const roll = fate();
    if (roll >= 10) acks.push(has & 0xffff);
    if (roll >= 95) acks.push(has & 0xffff);
  };
  const feed = (event: Parameters<typeof step>[1]) => {
    const [next, actions] = step(state, event, nowMs);
    state = next;
    for (const action of actions) {
      if (action.kind === 'set-timer') waitMs = action.ms;
      if (action.kind === 'send-oack' && fate() >= 10) ack();
      if (action.kind !== 'send-blocks') continue;
      for (let block = action.first; block <= action.last; block++) if (fate() >= 10) inbox.push(block);
    }
  };
  feed({ kind: 'start' });
  for (let turns = 0; turns < 20_000 && state.phase !== 'done' && state.phase !== 'failed'; turns++) {
    const blocks = inbox;
    inbox = [];
    for (const block of blocks) {
      if (block !== has + 1) ack();
      else {
        has++;
        if (++inWindow >= windowsize || has === state.lastBlock) ack();
      }
    }
    const next = acks.shift();
    nowMs += next === undefined ? waitMs : 1;
    feed(next === undefined ? { kind: 'timeout' } : { kind: 'ack', block: next });
  }
  return has;
}
