import { expect, test } from 'vitest';
import { type FieldFacts, formatProcesses, formatStatusPage } from './status-page.ts';

const MIB = 1024 * 1024;
const peer = {
  address: '10.0.0.7:6881',
  id: 'aa',
  client: 'Viver 0.1',
  shareBytes: 0,
  held: 384,
  bytesFrom: 3 * MIB,
  bytesTo: 0,
  pieceMs: 1,
  bytesPerSecond: 50_000_000,
};
const field: FieldFacts = {
  kind: 'ram',
  sizeBytes: 48 * MIB,
  pieces: 384,
  kept: 120,
  shareBytes: 52 * MIB,
  copies: { min: 0, target: 1 },
  waitingReads: 1,
  waitingPieces: 2,
  peers: [
    { ...peer, kind: 'medium' },
    { ...peer, address: '10.0.0.9:51413', id: 'cc', held: 38, client: 'Transmission 4' },
  ],
};

test('a page says what is held, what waits, and how fast each peer is', () => {
  const now = {
    role: 'join',
    processId: 7,
    image: { label: 'room', source: 'room.torrent' },
    field,
    nbd: 'nbd://h:1/',
  };
  const before = { ...field, peers: [{ ...peer, kind: 'medium' as const, bytesFrom: MIB }] };
  expect(formatStatusPage(before, now, 2)).toBe(`\
image      room from room.torrent
process    7, join
size       48.0 MiB in 384 pieces
held       120 of 384 pieces (31 %); share 52.0 MiB
copies     0 of the rarest piece in the RAM of the room
waiting    1 read, for 2 pieces
nbd        nbd://h:1/
peers      2
ADDRESS         KIND    HOLDS  FROM IT    TO IT  CLIENT
10.0.0.7:6881   medium  all    1.0 MiB/s  0 B/s  Viver 0.1
10.0.0.9:51413  client  9 %    0 B/s      0 B/s  Transmission 4
`);
});

test('a whole copy is called complete', () => {
  const now = { role: 'join', image: { label: 'room', source: 'x' }, field: { ...field, kept: 384 } };
  expect(formatStatusPage(field, now, 1)).toContain('held       complete: all 384 pieces; share 52.0 MiB\n');
});

test('several processes are a line each', () => {
  const image = { label: 'room', source: 'x' };
  const seed = { role: 'seed', image, field: { ...field, kind: 'medium' as const } };
  expect(
    formatProcesses([
      ['/a', seed],
      ['/b', { role: 'join', image, field }],
    ]),
  ).toBe(`\
ROLE  IMAGE  HELD  SOCKET
seed  room   all   /a
join  room   31 %  /b
`);
});
