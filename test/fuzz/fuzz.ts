// Damaged peer, metainfo and NBD messages for decoders and live objects, from a seed. `make fuzz` starts it.
//
//   fuzz.ts [--count INPUTS] [--seed NUMBER]          all targets, each in processes of its own; a table at the end
//   fuzz.ts --target NAME --count INPUTS --seed NUMBER     one batch in this process: what a failure tells to repeat it
//
// Ends with status 1 when anything but a refusal happened: another error than ViverError, a hang, wrong bytes, growth of memory.

import { spawn } from 'node:child_process';
import { inspect, parseArgs } from 'node:util';
import { type BatchResult, runBatch } from './batch.ts';
import { targets } from './targets.ts';

/** Inputs of one process at most: what a failure costs to repeat. */
const BATCH = 500_000;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (values.target === undefined) process.exit((await runAll()) ? 0 : 1);
try {
  console.log(JSON.stringify(await runBatch(values.target, seed, count)));
  process.exit(0);
} catch (error) {
  console.error(inspect(error));
  process.exit(1);
}

/** @returns False when a batch failed. */
async function runAll(): Promise<boolean> {
  const all = Object.values(targets).reduce((sum, { thousands }) => sum + thousands, 0);
  let good = true;
  for (const [name, { thousands }] of Object.entries(targets)) {
    const share = Math.ceil((count * thousands) / all);
    const batches = Math.ceil(share / BATCH);
    for (let batch = 0; batch < batches; batch++) {
      const part = Math.ceil(share / batches);
      const result = await runApart(name, seed + batch, part);
      if (!result) console.log(`FAILED: repeat with  make fuzz TARGET=${name} SEED=${seed + batch} COUNT=${part}`);
      else console.log(line(name, seed + batch, result));
      good &&= result !== undefined;
    }
  }
  return good;
}

/** One batch in a process of its own; undefined when it failed. */
async function runApart(target: string, batchSeed: number, inputs: number): Promise<BatchResult | undefined> {
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning', import.meta.filename];
  const args = ['--target', target, '--seed', String(batchSeed), '--count', String(inputs)];
  const child = spawn(process.execPath, [...flags, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [status] = await new Promise<[number | null]>((resolve) => child.once('close', (code) => resolve([code])));
  return status === 0 ? (JSON.parse(output) as BatchResult) : undefined;
}

function line(name: string, batchSeed: number, result: BatchResult): string {
  const used = result.usedBytes.map((bytes) => (bytes / 1e6).toFixed(1)).join(' / ');
  const speed = Math.round(result.inputs / result.seconds);
  return `${name} seed ${batchSeed}: ${result.inputs} inputs in ${result.seconds.toFixed(1)} s (${speed}/s), slowest round ${result.slowestMs.toFixed(0)} ms, in use ${used} MB, resident ${(result.residentBytes / 1e6).toFixed(0)} MB`;
}
