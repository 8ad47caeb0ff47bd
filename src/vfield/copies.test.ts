// How many copies a room keeps while nodes come, go, are cut off and change their shares, and that no last copy is lost.

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeImage, type TestImage } from '../../sim/image.ts';
import { Room } from '../../sim/room.ts';
import type { Field } from './field.ts';

const PIECES = 48;
const FIRST = '10.0.0.1';
const MINUTE = 60_000;

let image: TestImage;
beforeAll(async () => {
  image = await makeImage(PIECES, 7, 16_384);
});

const pieces = (count: number): number => count * image.metainfo.pieceBytes;
const shares = fc.integer({ min: 3, max: 60 });

/** A room with a first, a watcher that gives nothing and counts copies, and nodes with shares in pieces. */
class SharingRoom {
  readonly room: Room;
  watcher!: Field;
  first: Field | undefined;
  readonly nodes = new Map<string, Field>();
  #hosts = 10;

  constructor(seed: number) {
    this.room = new Room(image, { seed, keepsLogs: false });
  }

  async open(nodeShares: readonly number[]): Promise<void> {
    this.first = await this.room.openFirst(FIRST);
    this.watcher = await this.room.open('10.0.0.2', { peers: [`${FIRST}:6881`] });
    for (const share of nodeShares) await this.join(share);
  }

  async join(share: number): Promise<void> {
    const host = `10.0.0.${this.#hosts++}`;
    const peers = [`${FIRST}:6881`, '10.0.0.2:6881'];
    this.nodes.set(host, await this.room.open(host, { shareBytes: pieces(share), peers }));
  }

  async leave(which: number, end: 'reset' | 'silence' | 'close'): Promise<void> {
    const [host, field] = [...this.nodes][which % this.nodes.size]!;
    this.nodes.delete(host);
    if (end !== 'close') this.room.network.powerOff(host, end);
    await field.close();
  }

  resize(which: number, share: number): void {
    [...this.nodes.values()][which % this.nodes.size]!.setShare(pieces(share));
  }

  /** floor(n * c / K), each share counted up to the size of the image. */
  get possibleCopies(): number {
    const room = Array.from(this.nodes.values(), (node) => Math.min(PIECES, node.status().shareBytes / pieces(1)));
    return Math.floor(room.reduce((sum, share) => sum + share, 0) / PIECES);
  }

  /** Two pieces more, or 10 in all, are allowed where places are being changed. */
  get areWithinShares(): boolean {
    return this.nodes.values().every((node) => {
      const { kept, shareBytes } = node.status();
      return kept <= Math.max(10, shareBytes / pieces(1) + 2);
    });
  }

  get leastCopies(): number {
    return this.watcher.status().copies.min;
  }

  settles(limitMs = MINUTE): Promise<boolean> {
    return this.room.clock.runUntil(() => this.leastCopies >= this.possibleCopies, limitMs);
  }

  async powerOffFirst(): Promise<void> {
    this.room.network.powerOff(FIRST);
    await this.first!.close();
  }
}

const changes = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), share: shares }),
  fc.record({
    kind: fc.constant('leave' as const),
    which: fc.nat(20),
    end: fc.constantFrom('reset', 'silence', 'close'),
  }),
  fc.record({ kind: fc.constant('resize' as const), which: fc.nat(20), share: shares }),
);

describe('the copies of a room', () => {
  it('are floor(n * c / K) within a minute of the last change, whatever came before', {
    timeout: 300_000,
  }, async () => {
    const runs = fc.record({
      seed: fc.nat(1_000),
      start: fc.array(shares, { minLength: 1, maxLength: 6 }),
      steps: fc.array(fc.record({ change: changes, pauseMs: fc.integer({ min: 0, max: 3_000 }) }), { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ seed, start, steps }) => {
        const sharing = new SharingRoom(seed);
        await sharing.open(start);
        for (const { change, pauseMs } of steps) {
          if (change.kind === 'join') await sharing.join(change.share);
          else if (sharing.nodes.size > 0 && change.kind === 'leave') await sharing.leave(change.which, change.end);
          else if (sharing.nodes.size > 0 && change.kind === 'resize') sharing.resize(change.which, change.share);
          await sharing.room.clock.run(pauseMs);
        }
        expect(await sharing.settles(), JSON.stringify([sharing.leastCopies, sharing.possibleCopies])).toBe(true);
        expect(await sharing.room.clock.runUntil(() => sharing.areWithinShares, MINUTE)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('are never lost while shares shrink and others have room, without any medium', { timeout: 300_000 }, async () => {
    const runs = fc.record({
      seed: fc.nat(1_000),
      start: fc.array(fc.integer({ min: 20, max: 60 }), { minLength: 3, maxLength: 6 }),
      steps: fc.array(fc.record({ which: fc.nat(20), share: fc.integer({ min: 3, max: 60 }) }), { maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ seed, start, steps }) => {
        const sharing = new SharingRoom(seed);
        await sharing.open(start);
        fc.pre(sharing.possibleCopies >= 1);
        expect(await sharing.settles()).toBe(true);
        await sharing.powerOffFirst();
        for (const { which, share } of steps) {
          const node = [...sharing.nodes.values()][which % sharing.nodes.size]!;
          const before = node.status().shareBytes;
          node.setShare(pieces(share));
          if (sharing.possibleCopies < 1) node.setShare(before);
          // Two that let go at once say so for a moment, and take it back.
          if (await sharing.room.clock.runUntil(() => sharing.leastCopies < 1, 700)) {
            expect(await sharing.room.clock.runUntil(() => sharing.leastCopies >= 1, 2_000)).toBe(true);
          }
        }
        expect(await sharing.settles()).toBe(true);
        expect(await sharing.room.clock.runUntil(() => sharing.areWithinShares, MINUTE)).toBe(true);
        expect(await sharing.room.readsAll(sharing.watcher)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
