// Foreign runes of a few lines, and a host in its real thread that runs them.

import type { RuneFile } from '../../src/runes/host/options.ts';
import { type RunningRunes, type StartOptions, startRuneHost } from '../../src/runes/host/start.ts';
import { keptLog, sampleFacts } from '../../src/runes/testing/room.ts';

const lampFile = `
import { defineInterface, defineRune, z } from 'viver';
export const lamp = defineInterface({ name: 'lamp', version: 1, events: { burnt: z.strictObject({ hours: z.number() }) }, calls: {
  turn: { request: z.strictObject({ on: z.boolean() }), reply: z.strictObject({ watts: z.number() }) } } });
`;

/** The line that `start` of `rune` is on. */
export const START_LINE = 7;

export const file = (name: string, text: string, ending = 'ts'): RuneFile => ({
  path: `medium:/etc/RUNES/runes/${name}.${ending}`,
  text,
});

/** A rune that knows the interface `lamp`, and whose start is `start`. */
export const rune = (name: string, start: string, more = '') =>
  file(
    name,
    `${lampFile}
export default defineRune({ name: '${name}', version: 1, stage: 'serve', offers: [], needs: [], ${more}
  async start(ctx) { ${start} } });`,
  );

export const lampKeeper = rune(
  'lamp-keeper',
  'ctx.offer(lamp, { turn: ({ on }: { on: boolean }) => ({ watts: on ? 40 : 0 }) });',
  'offers: [lamp],',
);

/** Starts `runes` in the order given; who calls it stops them. */
export async function foreignRoom(
  runes: RuneFile[],
  extra: Partial<StartOptions> = {},
): Promise<RunningRunes & { lines: string[] }> {
  const { log, lines } = keptLog();
  const names = runes.map(({ path }) => /([^/]+)\.\w+$/.exec(path)?.[1]);
  const roles = { path: 'test', text: `test: ${names.join(' ')}` };
  const running = await startRuneHost({
    role: 'test',
    stage: 'serve',
    facts: sampleFacts,
    log,
    inWorker: true,
    folders: [{ roles, runes }],
    ...extra,
    limits: { startMs: 20_000, stopMs: 2000, callMs: 10_000, ...extra.limits },
  });
  return { ...running, lines };
}

/** Waits up to 40 s. */
export async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000 && !done(); turn++) await new Promise((resolve) => setTimeout(resolve, 20));
}
