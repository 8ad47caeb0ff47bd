// The real operating system behind Sys. In the initrd the programs it starts are busybox's, on a desk the distribution's.

import { spawn } from 'node:child_process';
import { access, mkdir, open, readdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { ViverError } from '../errors.ts';
import { followLines } from './follow-lines.ts';
import { ModuleLoader } from './module-loader.ts';
import type { FollowOptions, ModuleLoadResult, MountRequest, Running, RunResult, Sys } from './sys.ts';

/** How much of a program's output is kept; what comes after is read and dropped. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

export class LinuxSys implements Sys {
  readonly #modules = new ModuleLoader();

  readText(path: string): Promise<string> {
    return readFile(path, 'utf8');
  }

  async readBytes(path: string, offset: number, length: number): Promise<Uint8Array> {
    const file = await open(path, 'r');
    try {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async list(directory: string): Promise<string[]> {
    try {
      return (await readdir(directory)).sort();
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  }

  async exists(path: string): Promise<boolean> {
    return access(path).then(
      () => true,
      () => false,
    );
  }

  async realPath(path: string): Promise<string | undefined> {
    return realpath(path).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
  }

  async sizeBytes(path: string): Promise<number> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      return size > 0 ? size : await blockDeviceBytes(path, this);
    } finally {
      await file.close();
    }
  }

  writeText(path: string, text: string): Promise<void> {
    return writeFile(path, text);
  }

  async replaceFile(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
    const beside = `${path}.new`;
    await writeFile(beside, content, { mode });
    await rename(beside, path);
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
  }

  run(
    command: string,
    args: readonly string[],
    options: { input?: string; timeoutMs?: number } = {},
  ): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
      const stdout = collect(child.stdout);
      const stderr = collect(child.stderr);
      const timer = options.timeoutMs && setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
      child.on('error', (cause) => {
        if (timer) clearTimeout(timer);
        reject(new ViverError('SYS_CANNOT_START', `${command}: ${cause.message}`, { cause }));
      });
      child.on('close', (status, signal) => {
        if (timer) clearTimeout(timer);
        if (status !== null) resolve({ status, stdout: stdout(), stderr: stderr() });
        else reject(new ViverError('SYS_PROGRAM_ENDED', `${command} ${args.join(' ')}: ended by ${signal}`));
      });
      child.stdin.on('error', () => {}); // a program that does not read its input is no error
      child.stdin.end(options.input ?? '');
    });
  }

  follow(
    command: string,
    args: readonly string[],
    onLine: (line: string) => void,
    { onErrorLine, ownProcessGroup = false, environment, endsWithin }: FollowOptions = {},
  ): Running {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: ownProcessGroup || endsWithin !== undefined,
      ...(environment ? { env: environment } : {}),
    });
    followLines(child.stdout, onLine);
    followLines(child.stderr, (line) => onErrorLine?.(line));
    const killAll = () => void (child.pid && killGroup(child.pid));
    const timer = endsWithin === undefined ? undefined : setTimeout(killAll, endsWithin);
    if (timer) child.on('exit', killAll);
    const ended = new Promise<number | undefined>((resolve) => {
      child.on('error', () => resolve(undefined));
      child.on('close', (status) => resolve(status ?? undefined));
    }).finally(() => clearTimeout(timer));
    const stop = async () => {
      child.kill('SIGTERM');
      await ended;
    };
    return { stop, ended };
  }

  async mount({ source, target, type, options = [] }: MountRequest): Promise<void> {
    const flags = options.length > 0 ? ['-o', options.join(',')] : [];
    await this.#succeed('mount', ['-t', type, ...flags, source, target]);
  }

  async unmount(target: string): Promise<void> {
    await this.#succeed('umount', [target]);
  }

  async attachLoop(file: string, options: { readOnly?: boolean } = {}): Promise<string> {
    const device = (await this.#succeed('losetup', ['-f'])).trim();
    await this.#succeed('losetup', [...(options.readOnly ? ['-r'] : []), device, file]);
    return device;
  }

  async detachLoop(device: string): Promise<void> {
    await this.#succeed('losetup', ['-d', device]);
  }

  loadModule(path: string, parameters = ''): Promise<ModuleLoadResult> {
    return this.#modules.load(path, parameters);
  }

  /** Ends the module loading threads; their memory is wanted once the hardware is found. */
  async close(): Promise<void> {
    await this.#modules.close();
  }

  async #succeed(command: string, args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(command, args);
    if (status === 0) return stdout;
    throw new ViverError('SYS_COMMAND_FAILED', `${command} ${args.join(' ')}: ${stderr.trim() || `status ${status}`}`, {
      details: { status },
    });
  }
}

/** A block device has no size in its inode; sysfs tells it in 512-byte sectors. */
async function blockDeviceBytes(path: string, sys: Sys): Promise<number> {
  const name = (await sys.realPath(path))?.split('/').pop();
  const sectors = await sys.readText(`/sys/class/block/${name}/size`).catch(() => '0');
  return Number(sectors) * 512;
}

/** A process group is gone when its last member is. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {}
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length < MAX_OUTPUT_BYTES) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
