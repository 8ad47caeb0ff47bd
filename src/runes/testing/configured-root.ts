// A root on the desk that one configure rune is let loose on.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Facts } from '../contract/facts.ts';
import type { AnyRune } from '../contract/rune.ts';
import { createDirectoryFiles } from '../files/directory-files.ts';
import { type Services, startRuneHost } from '../host/start.ts';
import { keptLog, sampleFacts } from './room.ts';

export interface ConfiguredRoot {
  readonly path: string;
  text(path: string): Promise<string>;
  /** Starts and stops the rune; gives what it changed, and what was said by it and of it. */
  run(
    rune: AnyRune,
    options?: { facts?: Partial<Facts>; settings?: unknown; services?: Services },
  ): Promise<{ changed: readonly string[]; lines: string[]; setAside: string | undefined }>;
  remove(): Promise<void>;
}

/** @param files Path inside the root -> text. */
export async function openConfiguredRoot(files: Readonly<Record<string, string>>): Promise<ConfiguredRoot> {
  const path = await mkdtemp(join(tmpdir(), 'viver-root-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return {
    path,
    text: (name) => readFile(join(path, name), 'utf8'),
    remove: () => rm(path, { recursive: true }),
    run: async (rune, { facts = {}, settings, services = {} } = {}) => {
      const { log, lines } = keptLog();
      const host = await startRuneHost({
        role: rune.name,
        stage: 'configure',
        facts: { ...sampleFacts, ...facts },
        folders: [{ roles: { path: 'test:roles', text: `${rune.name}: ${rune.name}` }, runes: [] }],
        settings: { [rune.name]: settings },
        log,
        inWorker: false,
        builtin: [rune],
        files: createDirectoryFiles(path),
        services,
      });
      await host.stop();
      const { started, setAside, faults } = host.report;
      if (faults.length > 0) throw new Error(faults.join('; '));
      return { lines, changed: started[0]?.changed ?? [], setAside: setAside[0]?.reason };
    },
  };
}
