// A pretended operating system for tests: files are a table, programs are functions, mounts and modules are only remembered.

import { ViverError } from '../errors.ts';
import type { ModuleLoadResult, MountRequest, Running, RunResult, Sys } from './sys.ts';

export type FakeProgram = (args: readonly string[], input: string) => Partial<RunResult>;

export class FakeSys implements Sys {
  /** Path -> content; directories follow from the paths. */
  readonly files = new Map<string, string | Uint8Array>();
  /** Path of a symbolic link -> the path behind it. */
  readonly links = new Map<string, string>();
  readonly programs = new Map<string, FakeProgram>();
  readonly mounts: MountRequest[] = [];
  readonly loadedModules: string[] = [];
  /** Module path -> what loading it gives; `loaded` when it is not here. */
  readonly moduleResults = new Map<string, ModuleLoadResult>();
  #loops = 0;

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [path, content] of Object.entries(files)) this.files.set(path, content);
  }

  async readText(path: string): Promise<string> {
    const content = this.#content(path);
    return typeof content === 'string' ? content : new TextDecoder().decode(content);
  }

  async readBytes(path: string, offset: number, length: number): Promise<Uint8Array> {
    const content = this.#content(path);
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return bytes.subarray(offset, offset + length);
  }

  async list(directory: string): Promise<string[]> {
    const prefix = `${this.#resolve(directory).replace(/\/$/, '')}/`;
    const names = [...this.files.keys(), ...this.links.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length).split('/')[0]!);
    return [...new Set(names)].sort();
  }

  async exists(path: string): Promise<boolean> {
    return (await this.realPath(path)) !== undefined;
  }

  async realPath(path: string): Promise<string | undefined> {
    const target = this.#resolve(path);
    const known = this.files.has(target) || [...this.files.keys()].some((file) => file.startsWith(`${target}/`));
    return known ? target : undefined;
  }

  async sizeBytes(path: string): Promise<number> {
    return (await this.readBytes(path, 0, Number.MAX_SAFE_INTEGER)).length;
  }

  async writeText(path: string, text: string): Promise<void> {
    this.files.set(this.#resolve(path), text);
  }

  async replaceFile(path: string, content: string | Uint8Array): Promise<void> {
    this.files.set(this.#resolve(path), content);
  }

  async makeDirectory(): Promise<void> {}

  async run(command: string, args: readonly string[], options: { input?: string } = {}): Promise<RunResult> {
    const program = this.programs.get(command);
    if (!program) throw new ViverError('SYS_CANNOT_START', `${command}: no such program`);
    return { status: 0, stdout: '', stderr: '', ...program(args, options.input ?? '') };
  }

  follow(command: string, args: readonly string[], onLine: (line: string) => void): Running {
    const output = this.programs.get(command)?.(args, '').stdout ?? '';
    for (const line of output.split('\n').filter(Boolean)) queueMicrotask(() => onLine(line));
    return { stop: async () => {}, ended: Promise.resolve(0) };
  }

  async mount(request: MountRequest): Promise<void> {
    this.mounts.push(request);
  }

  async unmount(target: string): Promise<void> {
    const index = this.mounts.findLastIndex((mount) => mount.target === target);
    if (index < 0) throw new ViverError('SYS_COMMAND_FAILED', `umount ${target}: not mounted`);
    this.mounts.splice(index, 1);
  }

  async attachLoop(): Promise<string> {
    return `/dev/loop${this.#loops++}`;
  }

  async detachLoop(): Promise<void> {}

  async loadModule(path: string, parameters = ''): Promise<ModuleLoadResult> {
    const result = this.moduleResults.get(path) ?? { kind: 'loaded' };
    if (result.kind === 'loaded') this.loadedModules.push(parameters ? `${path} ${parameters}` : path);
    return result;
  }

  #content(path: string): string | Uint8Array {
    const content = this.files.get(this.#resolve(path));
    if (content === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return content;
  }

  #resolve(path: string): string {
    for (const [link, target] of this.links) {
      if (path === link || path.startsWith(`${link}/`)) return this.#resolve(target + path.slice(link.length));
    }
    return path;
  }
}
