// resource-monitor: tells any rune of the room how busy this machine is. Linux's own numbers, read every few seconds (proc_stat(5), proc_meminfo(5)).

import { readFile } from 'node:fs/promises';
import { defineInterface, defineRune, z } from 'viver';

/** Declared alike in every rune that uses it; both ends check each message. */
const resourceMonitor = defineInterface({
  name: 'resource-monitor',
  version: 1,
  reach: 'room',
  calls: {
    /** `load`: 0 idle to 1 all processors busy, of the last seconds. `freeMemory`: the part that programs can still have. */
    load: {
      request: z.strictObject({}),
      reply: z.strictObject({ load: z.number(), freeMemory: z.number() }),
      repeatable: true,
    },
  },
});

/** A change smaller than this is not worth telling the whole room. */
const NEWS = 0.05;
/** Load is that of so many looks together: one program that starts is not a busy machine. */
const LOOKS = 5;

export default defineRune({
  name: 'resource-monitor',
  version: 1,
  stage: 'serve',
  summary: "this machine's load, for every rune of the room that asks",
  offers: [resourceMonitor],
  needs: [],
  settings: z.object({
    proc: z._default(z.string(), '/proc'),
    everyMs: z._default(z.int(), 2000),
  }),
  async start({ offer, label, log, settings: { proc, everyMs } }) {
    const looks = [parseTimes(await readFile(`${proc}/stat`, 'utf8'))];
    let load = 0;
    let told = -1;
    async function look(): Promise<void> {
      const now = parseTimes(await readFile(`${proc}/stat`, 'utf8'));
      const [then = now] = looks;
      if (now.all > then.all) load = (now.busy - then.busy) / (now.all - then.all);
      looks.push(now);
      if (looks.length > LOOKS) looks.shift();
      if (Math.abs(load - told) < NEWS) return;
      told = load;
      label(resourceMonitor, { load });
    }
    offer(resourceMonitor, {
      async load() {
        return { load, freeMemory: freePart(await readFile(`${proc}/meminfo`, 'utf8')) };
      },
    });
    const timer = setInterval(() => look().catch((error: Error) => log.warn(error.message)), everyMs);
    return { stop: () => clearInterval(timer) };
  },
});

interface Times {
  readonly busy: number;
  readonly all: number;
}

/** The first line: user nice system idle iowait irq softirq steal, in ticks since the start. */
function parseTimes(text: string): Times {
  const ticks = (text.split('\n', 1)[0] ?? '').split(/\s+/).slice(1, 9).map(Number);
  const all = ticks.reduce((sum, tick) => sum + tick, 0);
  return { all, busy: all - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
}

function freePart(text: string): number {
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return kibibytes('MemAvailable') / Math.max(1, kibibytes('MemTotal'));
}
