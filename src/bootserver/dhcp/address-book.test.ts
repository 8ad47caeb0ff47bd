import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressBookOptions, createAddressBook, hashMac } from './address-book.ts';

const macAt = (index: number) =>
  `52:54:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;
let nowMs = 1000;

function bookOf(changes: Partial<AddressBookOptions> = {}) {
  return createAddressBook({
    pool: { first: '10.0.0.10', last: '10.0.0.29' },
    netmask: '255.255.255.0',
    routers: [],
    dnsServers: [],
    leaseSeconds: 3600,
    now: () => nowMs,
    ...changes,
  });
}

describe('address book', () => {
  test('an address follows from the MAC: two servers say the same', async () => {
    const address = async () => (await bookOf().offer({ mac: macAt(7) }))?.address;
    expect(await address()).toBe(await address());
  });

  test('consecutive MACs spread: a pool of 4096 sees few collisions among 200', () => {
    const slots = new Set(Array.from({ length: 200 }, (_, index) => hashMac(macAt(index)) % 4096));
    expect(slots.size).toBeGreaterThan(180);
  });

  test('no address has two holders, all are in the pool, taken ones stay out', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(60), { maxLength: 80 }), async (indexes) => {
        const book = bookOf({ taken: ['10.0.0.10', '10.0.0.15'] });
        const holder = new Map<string, string>();
        for (const index of indexes) {
          const lease = await book.offer({ mac: macAt(index) });
          if (!lease) continue;
          expect(holder.get(lease.address) ?? macAt(index)).toBe(macAt(index));
          holder.set(lease.address, macAt(index));
        }
        expect([...holder.keys()].filter((address) => ['10.0.0.10', '10.0.0.15'].includes(address))).toEqual([]);
        expect(holder.size).toBe(Math.min(new Set(indexes).size, 18));
      }),
    );
  });

  test('a full pool is reported, and serves again when an offer was not taken', async () => {
    const exhausted: string[] = [];
    const book = bookOf({ onExhausted: ({ mac }) => exhausted.push(mac) });
    for (let index = 0; index < 20; index++) await book.offer({ mac: macAt(index) });
    expect(book.usage()).toEqual({ size: 20, held: 20 });
    expect(await book.offer({ mac: macAt(99) })).toBeUndefined();
    expect(exhausted).toEqual([macAt(99)]);
    nowMs += 61_000;
    expect(await book.offer({ mac: macAt(99) })).toBeDefined();
  });

  test('addresses that answer a probe are passed over and set aside', async () => {
    const probed: string[] = [];
    const book = bookOf({ probe: async (address) => probed.push(address) <= 3 });
    const lease = await book.offer({ mac: macAt(1) });
    expect(probed.length).toBe(4);
    expect(lease?.address).toBe(probed[3]);
    expect(await book.offer({ mac: macAt(1) })).toEqual(lease);
    expect(probed.length).toBe(4);
  });

  test('two machines asking at once while probes run get two addresses', async () => {
    const start = { pool: { first: '10.0.0.10', last: '10.0.0.11' } };
    const book = bookOf({ ...start, probe: () => new Promise((resolve) => setTimeout(() => resolve(false), 5)) });
    const [a, b] = await Promise.all([book.offer({ mac: macAt(1) }), book.offer({ mac: macAt(2) })]);
    expect(new Set([a?.address, b?.address])).toEqual(new Set(['10.0.0.10', '10.0.0.11']));
  });

  test('the wish of a client is granted if nobody else has it', async () => {
    const book = bookOf();
    expect((await book.offer({ mac: macAt(1), requestedAddress: '10.0.0.20' }))?.address).toBe('10.0.0.20');
    expect((await book.offer({ mac: macAt(2), requestedAddress: '10.0.0.20' }))?.address).not.toBe('10.0.0.20');
    expect((await book.offer({ mac: macAt(3), requestedAddress: '192.168.0.1' }))?.address).toMatch(/^10\.0\.0\./);
  });

  test('confirm: own, free in the pool, or nothing; a machine has one address', async () => {
    const book = bookOf();
    expect((await book.confirm({ mac: macAt(1) }, '10.0.0.12'))?.address).toBe('10.0.0.12');
    expect(await book.confirm({ mac: macAt(2) }, '10.0.0.12')).toBeUndefined();
    expect(await book.confirm({ mac: macAt(2) }, '10.0.1.12')).toBeUndefined();
    await book.confirm({ mac: macAt(1) }, '10.0.0.13');
    expect(book.usage().held).toBe(1);
    expect(await book.confirm({ mac: macAt(2) }, '10.0.0.12')).toBeDefined();
  });

  test('a lease ends, and its machine gets the address back as long as nobody else has it', async () => {
    const book = bookOf();
    const { address } = (await book.offer({ mac: macAt(1) }))!;
    await book.confirm({ mac: macAt(1) }, address);
    nowMs += 3_600_001;
    expect(await book.lookup({ mac: macAt(1) })).toBeUndefined();
    expect((await book.offer({ mac: macAt(1) }))?.address).toBe(address);
  });

  test('reservations: for their machine alone, with its name, outside of the pool too', async () => {
    const reservations = new Map([
      [macAt(5), { address: '10.0.0.200', hostName: 'teacher' }],
      [macAt(6), { address: '10.0.0.12' }],
    ]);
    const book = bookOf({ reservations });
    expect(await book.offer({ mac: macAt(5) })).toMatchObject({ address: '10.0.0.200', hostName: 'teacher' });
    expect(await book.confirm({ mac: macAt(1) }, '10.0.0.12')).toBeUndefined();
    expect(await book.confirm({ mac: macAt(6) }, '10.0.0.13')).toBeUndefined();
    expect((await book.offer({ mac: macAt(6) }))?.address).toBe('10.0.0.12');
  });

  test('the state moves to another server as JSON', async () => {
    const book = bookOf();
    await book.confirm({ mac: macAt(1) }, '10.0.0.25');
    const state = JSON.parse(JSON.stringify(book.exportState()));
    state.holds.push({ address: 'nonsense' }, {});
    const next = bookOf({ state });
    expect((await next.lookup({ mac: macAt(1) }))?.address).toBe('10.0.0.25');
    expect(next.usage().held).toBe(1);
  });
});
