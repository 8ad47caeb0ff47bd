// What the configure stage costs: `configure.ts ROOT RUNE...` runs the runes on a system's tree as a diskless PC does it, in a thread of their own, every access to
// a file a child's in a chroot; over the tree lies memory, which is thrown away. Prints milliseconds as JSON: the whole stage, and each rune as its host saw it.
// Needs root (mount, chroot), and a mount namespace of its own (unshare --mount).

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/log.ts';
import { createDeskHookService } from '../../src/runes/hooks/hook-service.ts';
import { startRuneHost } from '../../src/runes/host/start.ts';
import { sampleFacts } from '../../src/runes/testing/room.ts';
import { LinuxSys } from '../../src/sys/linux.ts';

const [system = '', ...runes] = process.argv.slice(2);
const sys = new LinuxSys();
const place = mkdtempSync(join(tmpdir(), 'viver-configure-'));
const root = join(place, 'root');

await sys.mount({ source: 'memory', target: place, type: 'tmpfs' });
for (const folder of ['upper', 'work', 'root']) await sys.makeDirectory(join(place, folder));
const layers = [`lowerdir=${system}`, `upperdir=${place}/upper`, `workdir=${place}/work`];
await sys.mount({ source: 'overlay', target: root, type: 'overlay', options: layers });
await sys.mount({ source: 'proc', target: `${root}/proc`, type: 'proc' });

const began = performance.now();
const host = await startRuneHost({
  role: 'bench',
  stage: 'configure',
  facts: { ...sampleFacts, ramBytes: 2 ** 30, drives: [] },
  log: silentLog,
  inWorker: true,
  folders: [{ roles: { path: 'bench:roles', text: `bench: ${runes.join(' ')}` }, runes: [] }],
  root: { path: root, chroot: ['chroot'] },
  services: { hooks: createDeskHookService([], silentLog) },
});
await host.stop();
const { started, faults, setAside } = host.report;
if (started.length !== runes.length) throw new Error(JSON.stringify({ faults, setAside }));
console.log(
  JSON.stringify({
    stage: performance.now() - began,
    runes: Object.fromEntries(started.map(({ rune, milliseconds }) => [rune, milliseconds])),
  }),
);
process.exit(0);
