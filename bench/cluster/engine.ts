// What the comparison of membership engines asks of each of them: nodes that join by seeds, say whom they know, and answer an echo call.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface NodeOptions {
  /** Also the id by which others know it. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** 32 bytes. Engines that know no key do without. */
  readonly key: Uint8Array;
  readonly seeds: readonly Seed[];
}

export interface Seed {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface BenchNode {
  /** Names of the live members, this one among them. */
  members(): ReadonlySet<string>;
  /** Sends `text` to a member, which gives it back. */
  echo(member: string, text: string): Promise<string>;
  /** By what name others know this node; it may become known by joining only. */
  readonly name: string;
  stop(): Promise<void>;
}

export interface Engine {
  /** Loads the engine's modules: what a process pays before its first node. */
  load(): Promise<void>;
  open(options: NodeOptions): Promise<BenchNode>;
}

/** Where the engines that lost are installed, beside the checkout's own packages. */
export const SCRATCH = join(import.meta.dirname, '../../out/bench-cluster');

/** Imports a package of the scratch folder. */
// biome-ignore lint/suspicious/noExplicitAny: the packages' types are not installed in the checkout.
export async function scratchImport(specifier: string): Promise<any> {
  if (!existsSync(SCRATCH)) throw new Error(`${SCRATCH} is missing: start bench/cluster.bench.ts`);
  const { load } = await import(pathToFileURL(join(SCRATCH, 'load.mjs')).href);
  return load(specifier);
}

export async function engineNamed(name: string): Promise<Engine> {
  return (await import(`./engines/${name}.ts`)).engine;
}
