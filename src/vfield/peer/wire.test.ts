import { expect, it } from 'vitest';
import { VirtualClock } from '../../../sim/clock/virtual-clock.ts';
import type { Duplex } from '../transport.ts';
import { PeerWire } from './wire.ts';

/** A connection that takes so many bytes, and then says wait. */
function wireOver(freeBytes: number) {
  let left = freeBytes;
  let reason: string | undefined;
  const duplex: Duplex = {
    remoteAddress: '10.0.0.9:1',
    write: (bytes) => {
      left -= bytes.length;
      return left > 0;
    },
    close: () => {},
  };
  const events = {
    onHandshake: () => {},
    onMessage: () => {},
    onDrain: () => {},
    onClose: (why: string) => {
      reason = why;
    },
  };
  const wire = new PeerWire(duplex, new VirtualClock(), events);
  const drain = (): void => {
    left = freeBytes;
    wire.handlers.onDrain();
  };
  return { wire, drain, reason: () => reason };
}

const MEBIBYTE = new Uint8Array(1024 * 1024);

it('a peer that asks and does not read is left when 4 MiB wait for it', async () => {
  const { wire, reason } = wireOver(100);
  for (let sent = 0; sent < 4; sent++) wire.sendBytes(MEBIBYTE);
  await Promise.resolve();
  expect(reason()).toBeUndefined();
  wire.sendBytes(MEBIBYTE);
  await Promise.resolve();
  expect(reason()).toBe('does not read what it asks for');
  expect(wire.closed).toBe(true);
});

it('a peer that reads now and then stays', async () => {
  const { wire, drain, reason } = wireOver(100);
  for (let sent = 0; sent < 40; sent++) {
    wire.sendBytes(MEBIBYTE);
    if (sent % 4 === 3) drain();
  }
  await Promise.resolve();
  expect(reason()).toBeUndefined();
});
