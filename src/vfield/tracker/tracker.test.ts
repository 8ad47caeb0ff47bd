import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { decodeBencode } from '../bencode.ts';
import type { Clock } from '../clock.ts';
import { expandAddresses } from '../peer/compact-addresses.ts';
import { Announced, MAX_ANNOUNCED } from './announced.ts';
import { Tracker } from './tracker.ts';
import { MAX_QUERY_CHARACTERS, MAX_WANTED, parseAnnounce, parseScrape } from './tracker-query.ts';

const HASH = Uint8Array.from({ length: 20 }, (_, index) => (index * 37 + 0x25) & 255);
const TWIN = new Uint8Array(20).fill(0x26);
const PEER_ID = new TextEncoder().encode('-TR3000-abcdefghijkl');
const percent = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const query = (more = ''): string => `info_hash=${percent(HASH)}&peer_id=${percent(PEER_ID)}&port=51413&left=0${more}`;

describe('an announce', () => {
  test('as Transmission and aria2 write it', () => {
    expect(parseAnnounce(query('&numwant=80&event=started&compact=1&supportcrypto=1'))).toEqual({
      infoHash: HASH,
      peerId: PEER_ID,
      port: 51_413,
      isSeed: true,
      event: 'started',
      wanted: 80,
    });
  });

  test('any 20 bytes, percent-coded or as letters, are the hash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.boolean(), (hash, plain) => {
        const isLetter = (byte: number): boolean => /[A-Za-z0-9._~-]/.test(String.fromCharCode(byte));
        const text = Array.from(hash, (byte) =>
          plain && isLetter(byte) ? String.fromCharCode(byte) : percent(Uint8Array.of(byte)),
        );
        const asked = parseAnnounce(`info_hash=${text.join('')}&peer_id=${percent(PEER_ID)}&port=1`);
        expect(asked).toMatchObject({ infoHash: hash, isSeed: false, wanted: 50 });
      }),
    );
  });

  test.each([
    ['', 'info_hash is not 20 bytes'],
    [`info_hash=${percent(HASH.subarray(1))}&peer_id=${percent(PEER_ID)}&port=1`, 'info_hash is not 20 bytes'],
    [`info_hash=${percent(HASH)}&peer_id=x&port=1`, 'peer_id is not 20 bytes'],
    [query('&port=65536'), 'port is not 0 to 65535'],
    [query('&x=%'), 'bad query'],
    [query(`&x=${'y'.repeat(MAX_QUERY_CHARACTERS)}`), 'bad query'],
  ])('%s is refused', (text, reason) => {
    expect(parseAnnounce(text)).toBe(reason);
  });

  test('whatever comes, it is read or refused', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseScrape(text);
        const asked = parseAnnounce(text);
        expect(typeof asked === 'string' || asked.wanted <= MAX_WANTED).toBe(true);
      }),
    );
  });
});

describe('the tracker', () => {
  let now = 0;
  let peers: string[] = [];
  let noted: string[] = [];
  let tracker: Tracker;
  const clock: Clock = { now: () => now, setTimeout: () => undefined, clearTimeout: () => {} };
  const ends = (client: string) => ({ client, here: '10.0.0.1:6881' });

  function ask(text: string, client = '10.0.0.9'): { peers: string[]; [key: string]: unknown } {
    const answer = decodeBencode(tracker.announce(text, ends(client))) as Record<string, never>;
    const four = answer.peers ? expandAddresses(answer.peers, 4) : [];
    return { ...answer, peers: [...four, ...(answer.peers6 ? expandAddresses(answer.peers6, 16) : [])] };
  }

  beforeEach(() => {
    now = 0;
    peers = ['10.0.0.2:6881', '[fe80::7]:6881', 'pc-3.local:6881'];
    noted = [];
    tracker = new Tracker({
      clock,
      infoHashes: [HASH, TWIN],
      peers: () => peers,
      nodes: () => ({ whole: 1, part: 3 }),
      onClient: (address, infoHash) =>
        noted.push(`${address} ${infoHash === TWIN ? 'twin' : infoHash.toHex().slice(0, 4)}`),
    });
  });

  test('names itself first, then the nodes, then the other clients, never who asks', () => {
    expect(ask(query(), '10.0.0.8').peers).toEqual(['10.0.0.1:6881', '10.0.0.2:6881', '[fe80:0:0:0:0:0:0:7]:6881']);
    const answer = ask(query('&left=5'));
    expect(answer.peers).toEqual(['10.0.0.1:6881', '10.0.0.2:6881', '10.0.0.8:51413', '[fe80:0:0:0:0:0:0:7]:6881']);
    expect(answer).toMatchObject({ interval: 120, complete: 2, incomplete: 4 });
    expect(ask(query('&numwant=1')).peers).toEqual(['10.0.0.1:6881']);
  });

  test('the swarm hears of who takes connections, by the name that he used', () => {
    ask(query());
    ask(query('&port=0'), '10.0.0.7');
    ask(query('&event=stopped'), '10.0.0.8');
    expect(noted).toEqual([`10.0.0.9:51413 ${HASH.toHex().slice(0, 4)}`]);
  });

  test('a client that stops, or does not come again, is no longer named', () => {
    ask(query(), '10.0.0.8');
    ask(query(), '10.0.0.7');
    expect(ask(query('&event=stopped'), '10.0.0.8')).toMatchObject({ peers: [], complete: 2 });
    now += 240_000;
    expect(ask(query()).peers).toContain('10.0.0.7:51413');
    now += 61_000;
    expect(ask(query()).peers).not.toContain('10.0.0.7:51413');
  });

  test('another image, and nonsense, get a reason', () => {
    const other = ask(query().replace(percent(HASH), percent(new Uint8Array(20))));
    expect(Buffer.from(other['failure reason'] as Uint8Array).toString()).toBe('this node has another image');
    expect(Buffer.from(ask('%%%')['failure reason'] as Uint8Array).toString()).toBe('bad query');
    expect(noted).toEqual([]);
  });

  test('scrape: all names, or those asked for, and never a foreign one', () => {
    const files = (text: string) => Buffer.from(tracker.scrape(text)).toString('latin1').match(/20:/g)?.length ?? 0;
    ask(query('&event=completed'));
    expect([files(''), files(`info_hash=${percent(TWIN)}`), files(`info_hash=${percent(PEER_ID)}`)]).toEqual([2, 1, 0]);
    expect(Buffer.from(tracker.scrape('')).toString('latin1')).toContain(
      'd8:completei2e10:downloadedi1e10:incompletei3ee',
    );
  });

  test('the table of clients has an end: who was silent longest makes room', () => {
    const announced = new Announced(clock, 1000);
    for (let port = 1; port <= MAX_ANNOUNCED; port++) announced.add(`10.0.0.8:${port}`, false);
    announced.add('10.0.0.8:1', true);
    announced.add('10.0.0.9:1', true);
    expect(announced.addresses().slice(0, 2)).toEqual(['10.0.0.9:1', '10.0.0.8:1']);
    expect(announced.count()).toEqual({ seeds: 2, others: MAX_ANNOUNCED - 2 });
    expect(announced.addresses()).not.toContain('10.0.0.8:2');
  });
});
