// What a rune can do to its host, each for real: the rune goes with one line, and the room goes on.

import { readdir, readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import type { RuneFile } from '../../src/runes/host/options.ts';
import type { RunningRunes, StartOptions } from '../../src/runes/host/start.ts';
import { file, foreignRoom, lampKeeper, rune, START_LINE, until } from './foreign-room.ts';

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

/** Lines that name the rune; a person wants to read one. */
const linesOf = (lines: readonly string[], name: string) =>
  lines.filter((line) => new RegExp(`rune ${name}[ ,]|${name}: `).test(line) && /^(?:warn|error)/.test(line));

/** Asks the lamp until told to stop; says so if a lamp that works does not answer. */
const lampUser = rune(
  'lamp-user',
  `let asked = 0;
   const ask = async () => {
     const began = performance.now();
     await ctx.ask(lamp).turn({ on: true });
     if (++asked % 20 === 0) ctx.log.debug('asked ' + asked + ' ms ' + Math.round(performance.now() - began));
   };
   setInterval(() => ask().catch((error) => ctx.log.error('the lamp is gone: ' + error.message)), 50);`,
  'needs: [lamp],',
);

test('what cannot be loaded is one line with its file, and the others start', async () => {
  const top = (name: string, text: string) => file(name, `import 'viver';\n${text}`);
  const { report, lines } = await room(
    [
      file('typed', '\nexport default {{'),
      file('plain', 'const a = 1;\nlet b;\nlet b;\n', 'js'),
      file('modern', 'enum Colour { red }'),
      file('unknown', "import { lantern } from 'viver';"),
      file('nothing', 'export const a = 1;'),
      { ...rune('other', ''), path: 'medium:/etc/RUNES/runes/named.ts' },
      file('neighbour', "import './next-door.ts'; export default 1;"),
      file('long', '//'.padEnd(1024 * 1024 + 1)),
      file('old', "import { defineRune } from 'viver';\nexport default defineRune({ name: 'old', version: 0 });"),
      top('throws-at-load', "throw new Error('no fuse');"),
      top('exits-at-load', 'process.exit(0);'),
      top('kills-at-load', "process.kill(process.pid, 'SIGKILL');"),
      top('loops-at-load', 'for (;;);'),
      top('waits-at-load', 'await new Promise(() => setInterval(() => {}, 1000));'),
      rune('newer', '', "needs: [defineInterface({ name: 'lamp', version: 2, calls: {} })],"),
      lampKeeper,
    ],
    { limits: { startMs: 12_000 } },
  );
  const at = (name: string) => `rune ${name} can't be loaded: medium:/etc/RUNES/runes/${name}`;
  expect(report.faults.toSorted()).toEqual([
    `${at('exits-at-load')}.ts: ended by itself with status 0`,
    `${at('kills-at-load')}.ts: ended by SIGKILL`,
    `${at('long')}.ts has more than 1048576 bytes`,
    `${at('loops-at-load')}.ts: load: no answer within 12000 ms`,
    `${at('modern')}.ts:1: TypeScript enum is not supported in strip-only mode`,
    `${at('named')}.ts holds a rune named other`,
    `${at('neighbour')}.ts:1: imports './next-door.ts': a rune is one file, on 'viver', 'zod' and 'node:'`,
    'rune newer needs lamp v2: only lamp v1 is offered',
    `${at('nothing')}.ts has no default export`,
    `${at('old')}.ts:2: rune old: version '0' is not 1, 2, 3 ...`,
    "rune plain can't be loaded: ended with an error: medium:/etc/RUNES/runes/plain.js:3: Identifier 'b' has already been declared",
    `${at('throws-at-load')}.ts:2: no fuse`,
    expect.stringContaining(`${at('typed')}.ts:2: Unexpected token`),
    expect.stringMatching(/^rune unknown can't be loaded: .*unknown\.ts:1: .*lantern/),
    `${at('waits-at-load')}.ts: load: no answer within 12000 ms`,
  ]);
  expect(report.started.map((started) => started.rune)).toEqual(['lamp-keeper']);
  for (const fault of report.faults) expect(lines.filter((line) => line.includes(fault))).toHaveLength(1);
});

const PLACE = (name: string) => `medium:/etc/RUNES/runes/${name}.ts:${START_LINE}`;

test('whatever one does at its start, it is set aside and the others start', async () => {
  const settings = 'settings: z.object({ server: z.string() }),';
  const wild: Record<string, [start: string, reason: string | RegExp, more?: string]> = {
    throws: ["throw new Error('burnt');", `${PLACE('throws')}: burnt`],
    loops: ['for (;;);', /start of rune loops: no answer within 12000 ms/],
    waits: ['await new Promise(() => {});', /start of rune waits: no answer within 12000 ms/],
    exits: ['process.exit(3);', 'ended by itself with status 3'],
    aborts: ['process.abort();', 'ended by SIGABRT'],
    kills: ["process.kill(process.pid, 'SIGKILL');", 'ended by SIGKILL'],
    unset: ['', /settings of unset: server: /, settings],
    wrong: ['', /settings of wrong: server: /, settings],
  };
  const runes = Object.entries(wild).map(([name, [start, , more]]) => rune(name, start, more));
  const { report, lines } = await room([...runes, lampKeeper], {
    limits: { startMs: 12_000 },
    settings: { wrong: { server: 7 } },
  });
  expect(report.started.map((started) => started.rune)).toEqual(['lamp-keeper']);
  for (const [name, [, reason]] of Object.entries(wild)) {
    const { reason: told } = report.setAside.find((aside) => aside.rune === name) ?? {};
    if (typeof reason === 'string') expect(told).toContain(reason);
    else expect(told).toMatch(reason);
    expect(linesOf(lines, name)).toHaveLength(1);
    expect(linesOf(lines, name)[0]).toContain(`medium:/etc/RUNES/runes/${name}.ts`);
  }
});

test('whatever one does later, it is set aside with one line and the others go on', async () => {
  const wild: Record<string, [later: string, reason: string | RegExp]> = {
    throws: ["throw new Error('burnt')", `ended with an error: ${PLACE('throws')}: burnt`],
    rejects: ["Promise.reject(new Error('lost'))", `ended with an error: ${PLACE('rejects')}: lost`],
    strange: ['throw 7', /ended with an error: .*strange\.ts:7: 7/],
    exits: ['process.exit(3)', 'ended by itself with status 3'],
    aborts: ['process.abort()', 'ended by SIGABRT'],
    kills: ["process.kill(process.pid, 'SIGKILL')", 'ended by SIGKILL'],
    loops: ['for (;;)', 'is silent for 8000 ms'],
    hoards: ['{ const all: unknown[] = []; for (let n = 0; ; n++) all.push({ n }); }', 'its memory is full'],
    bytes: ['{ const all: unknown[] = []; for (;;) all.push(Buffer.alloc(1 << 20, 1)); }', /allocat|memory is full/],
    shared: [
      '{ const all: unknown[] = []; for (;;) all.push(new Uint8Array(new SharedArrayBuffer(1 << 20)).fill(1)); }',
      /allocat|memory is full/,
    ],
    garbage: [
      "require('fs').writeSync(3, Buffer.alloc(100, 1))",
      /sends what is no message: a message of 16843009 bytes/,
    ],
    nonsense: ["require('fs').writeSync(3, Buffer.from([0, 0, 0, 2, 9, 9]))", /sends what is no message/],
  };
  const withRequire = "const require = (await import('node:module')).createRequire('/');";
  const runes = Object.entries(wild).map(([name, [what]]) =>
    rune(name, `${withRequire} setTimeout(() => { ${what}; }, 20);`),
  );
  const { lines, status } = await room([...runes, lampKeeper, lampUser], { limits: { silenceMs: 8000 } });
  const aside = () => lines.filter((line) => line.includes('is set aside'));
  await until(() => aside().length === runes.length);
  for (const [name, [, reason]] of Object.entries(wild)) {
    const [line, ...more] = linesOf(lines, name);
    expect(more).toEqual([]);
    if (typeof reason === 'string') expect(line).toContain(reason);
    else expect(line).toMatch(reason);
    expect(line).toContain(`medium:/etc/RUNES/runes/${name}.ts`);
  }
  const states = Object.fromEntries((await status()).map(({ rune: name, state }) => [name, state]));
  expect(states).toMatchObject({ 'lamp-keeper': 'running', 'lamp-user': 'running', throws: 'set-aside' });
  expect(lines.filter((line) => line.includes('the lamp is gone'))).toEqual([]);
});

test('memory is refused at once, whatever kind it is: no process comes to have more than its limit', async () => {
  const hoarding = rune(
    'hoarding',
    `const all: unknown[] = [];
     ctx.log.info('pid ' + process.pid);
     setTimeout(() => setInterval(() => { try { for (;;) all.push(Buffer.alloc(1 << 20, 1)); } catch {} }, 1), 300);`,
  );
  const { lines } = await room([hoarding]);
  await until(() => lines.some((line) => line.includes('pid ')));
  const pid = /pid (\d+)/.exec(lines.find((line) => line.includes('pid ')) ?? '')?.[1];
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  expect(await read('oom_score_adj')).toBe('1000\n');
  expect((await read('stat')).replace(/.*\) /, '').split(' ')[16]).toBe('5'); // nice
  let mostKibibytes = 0;
  for (const end = Date.now() + 4000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 5))) {
    mostKibibytes = Math.max(mostKibibytes, Number(/VmHWM:\s+(\d+)/.exec(await read('status'))?.[1] ?? 0));
  }
  expect(mostKibibytes).toBeLessThan(300 * 1024);
  expect(mostKibibytes).toBeGreaterThan(150 * 1024);
});

test('floods of calls, events and log lines are held back, and a message of 10 MB is refused where it is made', async () => {
  const flood = (name: string, what: string, more = 'needs: [lamp],') =>
    rune(
      name,
      `const flood = () => { for (let n = 0; n < 2000; n++) { ${what} } setImmediate(flood); }; setTimeout(flood, 10);`,
      more,
    );
  const bell =
    "const bell = defineInterface({ name: 'bell', version: 1, calls: {}, events: { rung: z.strictObject({ text: z.string() }) } });";
  const bellKeeper = flood('ringing', "ctx.emit(bell, 'rung', { text: 'x'.repeat(1000) });", 'offers: [bell],');
  const deaf = rune(
    'deaf',
    "ctx.on(bell, 'rung', () => { const end = Date.now() + 50; while (Date.now() < end); });",
    'needs: [bell],',
  );
  const withBell = (one: RuneFile) => ({ ...one, text: one.text.replace('export default', `${bell}\nexport default`) });
  const big = rune(
    'big',
    `await ctx.ask(lamp).turn({ on: true, text: 'x'.repeat(10_000_000) }).catch((error) => ctx.log.info('refused: ' + error.message));`,
    'needs: [lamp],',
  );
  const { lines, status } = await room([
    flood('calling', 'ctx.ask(lamp).turn({ on: true }).catch(() => {});'),
    flood('logging', "ctx.log.info('x'.repeat(2000));", ''),
    {
      ...withBell(bellKeeper),
      text: withBell(bellKeeper)
        .text.replace('offer(', 'offer(')
        .replace('setTimeout(flood', 'ctx.offer(bell, {}); setTimeout(flood'),
    },
    withBell(deaf),
    big,
    lampKeeper,
    lampUser,
  ]);
  expect(lines).toContain('info big: refused: big asks lamp.turn: request: larger than 1048576 bytes');
  await new Promise((resolve) => setTimeout(resolve, 8000));
  expect(lines.filter((line) => line.startsWith('info logging:')).length).toBeLessThanOrEqual(400);
  expect(lines.some((line) => line.includes('logging: says too much'))).toBe(true);
  expect(lines.filter((line) => line.includes('the lamp is gone'))).toEqual([]);
  const asked = lines.filter((line) => line.includes('lamp-user: asked'));
  expect(asked.length).toBeGreaterThan(0);
  const states = Object.fromEntries((await status()).map(({ rune: name, state }) => [name, state]));
  expect(states).toMatchObject({ 'lamp-keeper': 'running', 'lamp-user': 'running' });
  const ringing = lines.find((line) => line.includes('rune ringing is set aside'));
  expect(ringing).toMatch(/ringing\.ts:\d+: 8388608 bytes wait to be read$/);
});

test('what a hostile process sends is counted, not believed', async () => {
  const hostile = rune(
    'hostile',
    `const { serialize } = await import('node:v8');
     const { writeSync } = await import('node:fs');
     const send = (message: unknown) => {
       const body = serialize(message);
       const head = Buffer.alloc(4);
       head.writeUInt32BE(body.length);
       writeSync(3, Buffer.concat([head, body]));
     };
     send({ kind: 'coup' });
     send('x');
     send(undefined);
     send({ kind: 'tell', topic: '__proto__', body: 1 });
     send({ kind: 'ask', id: 1, topic: 'constructor', body: 1 });
     send({ kind: 'ask', id: 1, topic: 'call' });
     send({ kind: 'ask', id: 1, topic: 'files', body: { method: 'constructor', args: 1 } });
     send({ kind: 'answer', id: 99999, error: 7 });
     send({ kind: 'tell', topic: 'log' });
     send({ kind: 'tell', topic: 'log', body: { level: 'child', message: 'x' } });
     send({ kind: 'tell', topic: 'emit', body: { interfaceName: 'lamp', event: 'x', data: new Array(4294967295) } });`,
  );
  const { status } = await room([hostile, lampKeeper, lampUser]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await status()).map(({ state }) => state)).toEqual(['running', 'running', 'running']);
});

test('a stop that hangs is one line, and no process stays behind', async () => {
  const stubborn = rune('stubborn', 'return { stop: () => new Promise(() => {}) };');
  const busy = rune('busy', 'return { stop: () => { for (;;); } };');
  const { stop, lines } = await room([stubborn, busy, lampKeeper], { limits: { stopMs: 1000 } });
  await stop();
  expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(2);
  expect(lines).toContain('warn : rune stubborn did not stop cleanly: stop of rune stubborn: no answer within 1000 ms');
  const left = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  expect(left.filter((line) => /foreign-rune.*(?:stubborn|busy)/.test(line))).toEqual([]);
});
