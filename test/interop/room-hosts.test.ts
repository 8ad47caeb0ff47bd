// Names in a real room: machines of a wire that are members by the real engine, each with a hosts file of its own. Needs root (network namespaces).

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWire, type Program, type Wire } from './wire.ts';

const program = new URL('./room-hosts-program.ts', import.meta.url).pathname;
let folder: string;
let wire: Wire;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-room-hosts-'));
  wire = createWire('vhosts');
});
afterAll(async () => {
  await wire.close();
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (name: string) => join(folder, name);
const hosts = (name: string) => () => readFileSync(fileOf(name), 'utf8');
const within = (timeout: number) => ({ timeout, interval: 100 });

async function member(number: number): Promise<Program> {
  const name = `lab-0${number}`;
  const address = `10.96.0.${number}`;
  writeFileSync(fileOf(name), '127.0.0.1\tlocalhost\n');
  const host = wire.host(name, { address: `${address}/24` });
  const options = { name, address, seeds: ['10.96.0.1'], file: fileOf(name) };
  const started = host.start(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    program,
    JSON.stringify(options),
  ]);
  await started.waitFor(/ready/, 60_000);
  return started;
}

test('who comes is known by name, who says farewell is not, who falls silent neither', async () => {
  await member(1);
  const second = await member(2);
  const third = await member(3);
  const began = Date.now();
  for (const name of ['lab-01', 'lab-02', 'lab-03']) {
    for (const other of [1, 2, 3].filter((number) => name !== `lab-0${number}`))
      await expect.poll(hosts(name), within(30_000)).toContain(`10.96.0.${other}\tlab-0${other}\n`);
  }
  console.log(`three machines know each other ${Date.now() - began} ms after the last was started`);
  second.signal('SIGUSR2');
  const left = Date.now();
  await expect.poll(hosts('lab-01'), within(20_000)).not.toContain('lab-02');
  console.log(`a farewell: ${Date.now() - left} ms`);
  third.signal('SIGKILL');
  const lost = Date.now();
  await expect.poll(hosts('lab-01'), within(60_000)).not.toContain('lab-03');
  console.log(`one that was killed: ${Date.now() - lost} ms`);
  expect(hosts('lab-01')()).toContain('127.0.0.1\tlocalhost\n');
});
