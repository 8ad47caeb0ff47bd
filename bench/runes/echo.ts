// The call that is measured: a small request, answered with itself, both checked by their schema. As an interface of ours, a rune that answers, one that
// asks as fast as it can, and the same asking rune as a file of its own.

import * as z from 'zod/mini';
import { defineInterface } from '../../src/runes/contract/interface.ts';
import { defineRune } from '../../src/runes/contract/rune.ts';

export const MESSAGE = { text: 'which units are there?', number: 7 };
/** Not measured: compilation, caches. */
export const WARM_UP_MS = 300;

const message = z.strictObject({ text: z.string(), number: z.number() });
export const echo = defineInterface({ name: 'echo', version: 1, calls: { say: { request: message, reply: message } } });
/** How the asking rune tells its figure to the benchmark. */
export const figures = defineInterface({
  name: 'figures',
  version: 1,
  calls: { report: { request: z.strictObject({ perSecond: z.number() }), reply: z.strictObject({}) } },
});

export const echoRune = defineRune({
  name: 'echo',
  version: 1,
  stage: 'serve',
  offers: [echo],
  needs: [],
  start: (ctx) => ctx.offer(echo, { say: (request) => request }),
});

export function callerRune(milliseconds: number, atOnce: number) {
  return defineRune({
    name: 'caller',
    version: 1,
    stage: 'serve',
    offers: [],
    needs: [echo, figures],
    startTimeoutMs: 120_000,
    async start({ ask }) {
      const { say } = ask(echo);
      await callsPerSecond(() => say(MESSAGE), WARM_UP_MS, atOnce);
      await ask(figures).report({ perSecond: await callsPerSecond(() => say(MESSAGE), milliseconds, atOnce) });
    },
  });
}

/** The same promise, to all machines of a room. */
export const roomEcho = defineInterface({
  name: 'room-echo',
  version: 1,
  reach: 'room',
  calls: { say: { request: message, reply: message } },
});

export const roomEchoRune = defineRune({
  name: 'room-echo',
  version: 1,
  stage: 'serve',
  offers: [roomEcho],
  needs: [],
  start: (ctx) => ctx.offer(roomEcho, { say: (request) => request }),
});

/** Waits for the other machine, then asks it; behind its start, since a machine joins its room when its runes have started. */
export function roomCallerRune(milliseconds: number, atOnce: number) {
  return defineRune({
    name: 'caller',
    version: 1,
    stage: 'serve',
    offers: [],
    needs: [figures],
    seeks: [roomEcho],
    start({ ask, find, log }) {
      const measure = async () => {
        let found = await find(roomEcho);
        for (; !found; found = await find(roomEcho)) await new Promise((resolve) => setTimeout(resolve, 100));
        const { say } = found.ask;
        await callsPerSecond(() => say(MESSAGE), WARM_UP_MS, atOnce);
        await ask(figures).report({ perSecond: await callsPerSecond(() => say(MESSAGE), milliseconds, atOnce) });
      };
      measure().catch((error: unknown) => log.error(String(error)));
    },
  });
}

/** Asks again as soon as there is an answer, `atOnce` times side by side. */
export async function callsPerSecond(
  call: () => Promise<unknown>,
  milliseconds: number,
  atOnce: number,
): Promise<number> {
  const began = performance.now();
  let answered = 0;
  const askOn = async () => {
    while (performance.now() - began < milliseconds) {
      await call();
      answered++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, askOn));
  return answered / ((performance.now() - began) / 1000);
}

/** callerRune as an administrator would drop it into /etc/RUNES/runes. */
export function callerFile(milliseconds: number, atOnce: number): string {
  return `
import { defineInterface, defineRune, z } from 'viver';
const message = z.strictObject({ text: z.string(), number: z.number() });
const echo = defineInterface({ name: 'echo', version: 1, calls: { say: { request: message, reply: message } } });
const figures = defineInterface({ name: 'figures', version: 1,
  calls: { report: { request: z.strictObject({ perSecond: z.number() }), reply: z.strictObject({}) } } });
${callsPerSecond.toString()}
export default defineRune({
  name: 'caller', version: 1, stage: 'serve', offers: [], needs: [echo, figures], startTimeoutMs: 120000,
  async start({ ask }) {
    const { say } = ask(echo);
    const call = () => say(${JSON.stringify(MESSAGE)});
    await callsPerSecond(call, ${WARM_UP_MS}, ${atOnce});
    await ask(figures).report({ perSecond: await callsPerSecond(call, ${milliseconds}, ${atOnce}) });
  },
});
`;
}
