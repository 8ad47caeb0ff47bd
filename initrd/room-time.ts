// The time of a diskless PC whose own clock is wrong: the boot server's, from the Date of an HTTP answer (RFC 9110 6.6.1), good to a second. Early enough that
// no program of the system sees the wrong one.

import { connect } from 'node:net';
import { errorLine } from '../src/errors.ts';
import { setClock } from '../src/sys/libc.ts';
import { parseMagnet } from '../src/vfield/magnet.ts';
import type { BootContext } from './context.ts';

const HTTP_PORT = 80;
const ANSWER_MS = 2000;
const MAX_ANSWER_BYTES = 4096;
/** A clock that is nearer is left alone: NTP, where there is one, makes small steps of it. */
const TOLERANCE_MS = 60_000;
/** A server whose battery is empty says something earlier, and is not believed. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
const QUARTER_HOUR_MS = 900_000;
const MOST_EASTERN_MS = 14 * 4 * QUARTER_HOUR_MS;

/** Never rejects: a boot goes on with a wrong clock too. */
export async function takeRoomTime({ log, options }: Pick<BootContext, 'log' | 'options'>): Promise<void> {
  try {
    const [peer] = options.image ? parseMagnet(options.image).peers : [];
    const host = peer?.replace(/:\d+$/, '');
    if (!host) return;
    const theirs = await askTime(host, HTTP_PORT);
    const verdict = judgeClock(Date.now(), theirs);
    if (!verdict) return;
    setClock(theirs);
    log.warn(`clock: ${verdict}; set to that of the boot server ${host}`);
  } catch (error) {
    log.info(`clock: the boot server's time is not known: ${errorLine(error)}`);
  }
}

/** What is wrong with our clock, both in ms since 1970; undefined when it is good enough, or theirs is no better. */
export function judgeClock(ours: number, theirs: number): string | undefined {
  const ahead = ours - theirs;
  if (Math.abs(ahead) <= TOLERANCE_MS || theirs < EARLIEST_MS) return undefined;
  const minutes = Math.round(Math.abs(ahead) / 60_000);
  const zone = Math.round(ahead / QUARTER_HOUR_MS) * QUARTER_HOUR_MS;
  const isZone = zone !== 0 && Math.abs(zone) <= MOST_EASTERN_MS && Math.abs(ahead - zone) <= TOLERANCE_MS;
  const hint = isZone ? ', as if it kept local time (setting rtc=local of rune clock)' : '';
  return `${minutes} minutes ${ahead > 0 ? 'ahead' : 'behind'}${hint}`;
}

/** @returns ms since 1970. Rejects without an answer, or when it has no date. */
export function askTime(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: ANSWER_MS });
    let answer = '';
    const settle = (error?: Error) => {
      socket.destroy();
      const date = Date.parse(/^date:[ \t]*(.+)$/im.exec(answer)?.[1]?.trim() ?? '');
      if (Number.isNaN(date)) reject(error ?? new Error(`${host}:${port} says no date`));
      else resolve(date);
    };
    socket.on('connect', () => socket.write(`HEAD / HTTP/1.0\r\nHost: ${host}\r\n\r\n`));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\r\n\r\n') || answer.length > MAX_ANSWER_BYTES) settle();
    });
    socket.on('end', () => settle());
    socket.on('timeout', () => settle(new Error(`${host}:${port} does not answer for ${ANSWER_MS} ms`)));
    socket.on('error', settle);
  });
}
