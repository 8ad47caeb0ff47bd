// The host in its real thread, with foreign runes in theirs.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createDirectoryFiles } from '../../src/runes/files/directory-files.ts';
import type { RuneFile } from '../../src/runes/host/options.ts';
import { type RunningRunes, type StartOptions, startRuneHost } from '../../src/runes/host/start.ts';
import { keptLog, sampleFacts } from '../../src/runes/testing/room.ts';

const lampFile = `
import { defineInterface, defineRune, z } from 'viver';
export const lamp = defineInterface({ name: 'lamp', version: 1, calls: {
  turn: { request: z.strictObject({ on: z.boolean() }), reply: z.strictObject({ watts: z.number() }) } } });
`;
const file = (name: string, text: string, ending = 'ts'): RuneFile => ({
  path: `medium:/etc/RUNES/runes/${name}.${ending}`,
  text,
});
const rune = (name: string, start: string, more = '') =>
  file(
    name,
    `${lampFile}
export default defineRune({ name: '${name}', version: 1, stage: 'serve', offers: [], needs: [], ${more}
  async start(ctx) { ${start} } });`,
  );

const lampKeeper = rune(
  'lamp-keeper',
  'ctx.offer(lamp, { turn: ({ on }: { on: boolean }) => ({ watts: on ? 40 : 0 }) });',
  'offers: [lamp],',
);

let running: RunningRunes | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function room(runes: RuneFile[], extra: Partial<StartOptions> = {}) {
  const { log, lines } = keptLog();
  const names = runes.map(({ path }) => /([^/]+)\.\w+$/.exec(path)?.[1]);
  const roles = { path: 'test', text: `test: ${names.join(' ')}` };
  running = await startRuneHost({
    role: 'test',
    stage: 'serve',
    facts: sampleFacts,
    log,
    inWorker: true,
    folders: [{ roles, runes }],
    limits: { startMs: 20_000, stopMs: 2000, callMs: 10_000 },
    ...extra,
  });
  return { ...running, lines };
}

const until = async (done: () => boolean) => {
  for (let turn = 0; turn < 1000 && !done(); turn++) await new Promise((resolve) => setTimeout(resolve, 20));
};

describe('foreign runes', () => {
  test('call each other across threads, say what they do, and stop', async () => {
    const asking = rune(
      'asking',
      `const { watts } = await ctx.ask(lamp).turn({ on: true });
       ctx.log.info('watts ' + watts + ' on ' + ctx.facts.bootNic?.name);
       return { stop: () => ctx.log.info('good night') };`,
      'needs: [lamp],',
    );
    const { report, lines, stop, status } = await room([asking, lampKeeper]);
    expect(report.started.map((started) => started.rune)).toEqual(['lamp-keeper', 'asking']);
    expect(lines).toContain('info asking: watts 40 on eth0');
    expect((await status())[1]).toMatchObject({ rune: 'lamp-keeper', state: 'running', answered: 1 });
    await stop();
    expect(lines).toContain('info asking: good night');
  });

  test("reach the host process's services", async () => {
    const reader = file(
      'reader',
      `import { defineRune, field } from 'viver';
       export default defineRune({ name: 'reader', version: 1, stage: 'serve', offers: [], needs: [field],
         async start(ctx) { ctx.log.info((await ctx.ask(field).magnet({})).magnet); } });`,
      'js',
    );
    const { lines } = await room([reader], {
      services: { field: { magnet: () => ({ magnet: 'magnet:?xt=urn:btmh:1220' }) } },
    });
    expect(lines).toContain('info reader: magnet:?xt=urn:btmh:1220');
  });

  test('what cannot be loaded is one line each, and the others start', async () => {
    const { report } = await room(
      [
        file('syntax', 'export default {{'),
        file('nothing', 'export const a = 1;'),
        { ...rune('other', ''), path: 'medium:/etc/RUNES/runes/named.ts' },
        file('neighbour', "import './next-door.ts'; export default 1;"),
        file('looping', 'for (;;);'),
        file('long', '//'.padEnd(1024 * 1024 + 1)),
        lampKeeper,
      ],
      { limits: { startMs: 6000 } },
    );
    expect(report.faults.toSorted()).toEqual([
      "rune long can't be loaded: medium:/etc/RUNES/runes/long.ts has more than 1048576 bytes",
      "rune looping can't be loaded: load: no answer within 6000 ms",
      "rune named can't be loaded: medium:/etc/RUNES/runes/named.ts holds a rune named other",
      "rune neighbour can't be loaded: medium:/etc/RUNES/runes/neighbour.ts imports './next-door.ts': a rune is one file, on 'viver', 'zod' and 'node:'",
      "rune nothing can't be loaded: medium:/etc/RUNES/runes/nothing.ts has no default export",
      expect.stringMatching(/^rune syntax can't be loaded: /),
    ]);
    expect(report.started.map((started) => started.rune)).toEqual(['lamp-keeper']);
  });

  test('whatever one does to its thread, it is set aside and the room goes on', async () => {
    const wild = {
      exits: ['process.exit(3)', /ended by itself with status 3/],
      throws: ["throw new Error('burnt')", /ended with an error: burnt/],
      rejects: ["Promise.reject(new Error('lost'))", /ended with an error: lost/],
      loops: ['for (;;)', /is silent for 3000 ms/],
      hoards: ['{ const all: unknown[] = []; for (let n = 0; ; n++) all.push({ n }); }', /memory limit|is silent/],
    } as const;
    const runes = Object.entries(wild).map(([name, [what]]) => rune(name, `setTimeout(() => { ${what}; }, 20);`));
    const { lines, status } = await room([...runes, lampKeeper], { limits: { silenceMs: 3000, startMs: 20_000 } });
    const aside = () => lines.filter((line) => line.includes('is set aside'));
    await until(() => aside().length === 5);
    for (const [name, [, reason]] of Object.entries(wild)) {
      expect(aside().find((line) => line.includes(`rune ${name} `))).toMatch(reason);
    }
    expect((await status()).at(-1)).toMatchObject({ rune: 'lamp-keeper', state: 'running' });
  });

  test('a call to one that is gone fails at once with the reason', async () => {
    const dying = rune('dying', 'ctx.offer(lamp, { turn: () => process.exit(1) });', 'offers: [lamp],');
    const asking = rune(
      'asking',
      `const ask = () => ctx.ask(lamp).turn({ on: true }).catch((error: Error) => ctx.log.info(error.message));
       await ask(); await ask();`,
      'needs: [lamp],',
    );
    const { lines } = await room([dying, asking], { limits: { callMs: 10_000 } });
    expect(lines).toContain('info asking: rune dying ended by itself with status 1');
    expect(lines).toContain(
      'info asking: asking asks lamp.turn: rune dying is set aside: ended by itself with status 1',
    );
  });

  test('what a hostile thread sends is counted, not believed', async () => {
    const hostile = rune(
      'hostile',
      `const { parentPort } = await import('node:worker_threads');
       parentPort.postMessage({ kind: 'coup' });
       parentPort.postMessage('x');
       parentPort.postMessage({ kind: 'tell', topic: '__proto__', body: 1 });
       parentPort.postMessage({ kind: 'ask', id: 1, topic: 'constructor', body: 1 });
       parentPort.postMessage({ kind: 'tell', topic: 'log' });
       parentPort.postMessage({ kind: 'tell', topic: 'emit', body: { interfaceName: 'lamp', event: 'x', data: 1 } });`,
    );
    const { status } = await room([hostile, lampKeeper]);
    expect((await status()).map(({ state }) => state)).toEqual(['running', 'running']);
  });
});

test('a foreign rune configures the root through the host, which knows what it changed', async () => {
  const root = await mkdtemp(join(tmpdir(), 'viver-runes-'));
  const motd = file(
    'motd',
    `import { defineRune } from 'viver';
     export default defineRune({ name: 'motd', version: 1, stage: 'configure', offers: [], needs: [],
       async start({ files }) { await files.writeText('/etc/motd', 'hello ' + (await files.exists('/etc/motd')) + '\\n'); } });`,
  );
  const { report } = await room([motd], { stage: 'configure', inWorker: false, files: createDirectoryFiles(root) });
  expect(report.started[0]).toMatchObject({ rune: 'motd', changed: ['/etc/motd'] });
  expect(await readFile(join(root, 'etc/motd'), 'utf8')).toBe('hello false\n');
  await rm(root, { recursive: true });
});
