import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createHttpServer } from '../src/bootserver/http/server.ts';
import { silentLog } from '../src/log.ts';
import { askTime, judgeClock } from './room-time.ts';

const noon = Date.UTC(2026, 5, 1, 12);
const hour = 3_600_000;

test.each([
  [noon, undefined],
  [noon + 50_000, undefined],
  [noon - 90_000, '2 minutes behind'],
  [noon + 9 * hour + 20_000, '540 minutes ahead, as if it kept local time (setting rtc=local of rune clock)'],
  [noon - 3.5 * hour, '210 minutes behind, as if it kept local time (setting rtc=local of rune clock)'],
  [noon - 20 * hour, '1200 minutes behind'],
])('a clock at %d', (ours, verdict) => {
  expect(judgeClock(ours, noon)).toBe(verdict);
});

test('a server that lives in 1970 is not believed', () => {
  expect(judgeClock(noon, 5000)).toBeUndefined();
});

test('the time of the boot server, by its own HTTP service', async () => {
  const server = await createHttpServer({ address: '127.0.0.1', port: 0, routes: [], log: silentLog });
  try {
    expect(Math.abs((await askTime('127.0.0.1', server.port)) - Date.now())).toBeLessThan(2000);
  } finally {
    await server.close();
  }
});

test.each(['HTTP/1.0 200 OK\r\n\r\n', 'Date: yesterday\r\n\r\n', 'x'.repeat(5000), ''])(
  'no date in %j',
  async (answer) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expect(askTime('127.0.0.1', port)).rejects.toThrow();
    server.close();
    await expect(askTime('127.0.0.1', port)).rejects.toThrow();
  },
);
