// What idle runes weigh: `idle.ts KIND COUNT` starts so many, lets things settle and prints the memory of this process and all that it started, in bytes. A page
// that is shared counts by its part (PSS, proc(5) smaps_rollup).

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { silentLog } from '../../src/log.ts';
import { defineInterface } from '../../src/runes/contract/interface.ts';
import { defineRune } from '../../src/runes/contract/rune.ts';
import { startRuneHost } from '../../src/runes/host/start.ts';
import { sampleFacts } from '../../src/runes/testing/room.ts';

const SETTLE_MS = 1500;
const EXTRA = 999_999;

const lampOf = (number: number) =>
  defineInterface({
    name: `lamp-${number}`,
    version: 1,
    calls: { turn: { request: z.strictObject({ on: z.boolean() }), reply: z.strictObject({ watts: z.number() }) } },
  });

function builtIn(number: number) {
  const lamp = lampOf(number);
  return defineRune({
    name: `lamp-rune-${number}`,
    version: 1,
    stage: 'serve',
    offers: [lamp],
    needs: [],
    start: (ctx) => ctx.offer(lamp, { turn: ({ on }) => ({ watts: on ? 40 : 0 }) }),
  });
}

const foreign = (number: number) => `
import { defineInterface, defineRune, z } from 'viver';
const lamp = defineInterface({ name: 'lamp-${number}', version: 1,
  calls: { turn: { request: z.strictObject({ on: z.boolean() }), reply: z.strictObject({ watts: z.number() }) } } });
export default defineRune({ name: 'lamp-rune-${number}', version: 1, stage: 'serve', offers: [lamp], needs: [],
  start: (ctx) => ctx.offer(lamp, { turn: ({ on }) => ({ watts: on ? 40 : 0 }) }) });
`;

async function startRunes(numbers: readonly number[], isForeign: boolean): Promise<void> {
  const names = numbers.map((number) => `lamp-rune-${number}`);
  const { report } = await startRuneHost({
    role: 'bench',
    stage: 'serve',
    facts: sampleFacts,
    log: silentLog,
    inWorker: false,
    // One more of each kind is there in any case, so that what all of a kind share is in both figures.
    builtin: [builtIn(EXTRA), ...(isForeign ? [] : numbers.map(builtIn))],
    folders: [
      {
        roles: { path: 'bench:roles', text: `bench: lamp-rune-${EXTRA} ${names.join(' ')}` },
        runes: isForeign ? numbers.map((number) => ({ path: `x/lamp-rune-${number}.js`, text: foreign(number) })) : [],
      },
    ],
  });
  if (report.started.length !== numbers.length + 1) throw new Error(JSON.stringify(report));
}

async function startMoleculer(numbers: readonly number[]): Promise<void> {
  const { createNode } = await import('./moleculer.ts');
  const node = createNode('one');
  for (const number of numbers) {
    const turn = {
      params: { on: 'boolean' },
      handler: ({ params }: { params: { on: boolean } }) => ({ watts: params.on ? 40 : 0 }),
    };
    node.createService({ name: `lamp-${number}`, actions: { turn } });
  }
  await node.start();
}

const [kind, count] = process.argv.slice(2);
const numbers = Array.from({ length: Number(count) }, (_, at) => at + 1);
if (kind === 'moleculer') await startMoleculer(numbers);
else await startRunes(numbers, kind === 'foreign');
await delay(SETTLE_MS);
process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
process.getBuiltinModule('node:vm').runInNewContext('gc')();
console.log(family(process.pid).reduce((sum, pid) => sum + pssBytes(pid), 0));
process.exit(0);

/** A process and all that it started. */
function family(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(family)];
}

function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) * 1024;
}
