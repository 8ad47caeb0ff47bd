// The host in its real thread, with foreign runes in their processes. What a rune can do to its host: wild-runes.test.ts.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { createDirectoryFiles } from '../../src/runes/files/directory-files.ts';
import type { RuneFile } from '../../src/runes/host/options.ts';
import type { RunningRunes, StartOptions } from '../../src/runes/host/start.ts';
import { file, foreignRoom, lampKeeper, rune, until } from './foreign-room.ts';

let running: RunningRunes | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function room(runes: RuneFile[], extra: Partial<StartOptions> = {}) {
  const started = await foreignRoom(runes, extra);
  running = started;
  return started;
}

describe('foreign runes', () => {
  test('call each other across processes, say what they do, and stop', async () => {
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

  test('of stage serve have no compiler in their memory', async () => {
    const { lines, report } = await room([
      rune('typed', "ctx.log.info('memory ' + process.memoryUsage().rss); ctx.log.info('is ' + (7 as number));"),
      file(
        'plain',
        `import { defineRune } from 'viver';
         export default defineRune({ name: 'plain', version: 1, stage: 'serve', offers: [], needs: [],
           start(ctx) { ctx.log.info('memory ' + process.memoryUsage().rss); } });`,
        'js',
      ),
    ]);
    expect(report.faults).toEqual([]);
    expect(lines).toContain('info typed: is 7');
    const [typed = 0, plain = 0] = ['typed', 'plain'].map((name) =>
      Number(
        lines
          .find((line) => line.startsWith(`info ${name}: memory`))
          ?.split(' ')
          .at(-1),
      ),
    );
    expect(plain).toBeGreaterThan(30e6);
    expect(typed).toBeLessThan(plain + 5e6);
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
});

/** Of a process, as `State:` in its status. */
const stateOf = async (pid: string | undefined) =>
  /^State:\s+(\w)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1] ?? '';

test('the thread that ends is followed by another, and its processes by new ones', async () => {
  const threads: Worker[] = [];
  const remember = (thread: Worker) => void threads.push(thread);
  process.on('worker', remember);
  const telling = rune('telling', "ctx.log.info('pid ' + process.pid);");
  const { lines, status } = await room([telling]);
  process.off('worker', remember);
  const pids = () => lines.flatMap((line) => /pid (\d+)/.exec(line)?.[1] ?? []);
  await until(() => pids().length === 1);
  await threads[0]?.terminate();
  expect(await status()).toMatchObject([
    { rune: 'telling', state: 'stopped', reason: expect.stringContaining('in 1 s') },
  ]);
  await until(() => pids().length === 2);
  // Ended; its entry stays until its parent's end, since the thread that would ask for it is gone.
  expect(await stateOf(pids()[0])).toMatch(/^Z|^$/);
  expect(await stateOf(pids()[1])).toMatch(/^[SR]/);
  await until(() => lines.filter((line) => line.includes('rune telling started')).length === 2);
  expect(await status()).toMatchObject([{ rune: 'telling', state: 'running' }]);
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
