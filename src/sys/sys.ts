// The one interface through which Viver changes or asks the operating system. linux.ts does it, fake.ts pretends for tests.
// Roots such as /sys are arguments of the callers. Everything that may wait for the kernel is asynchronous: a process that serves
// its own root must never wait for itself (docs/boot-story.md).

/** What a child process left behind. */
export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One mount(8) call. */
export interface MountRequest {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  /** As after `-o`: `['ro', 'nosuid', 'size=50%']`. */
  readonly options?: readonly string[];
}

export interface FollowOptions {
  /** Lines of its standard error, which is dropped otherwise. */
  onErrorLine?(line: string): void;
  /** An interrupt from the terminal does not reach it: we end it in our own order. */
  readonly ownProcessGroup?: boolean;
  /** Instead of this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** After so many milliseconds it is killed; whatever it started goes with it, at its end too. */
  readonly endsWithin?: number;
}

/** A program that goes on running and speaks in lines. */
export interface Running {
  /** Ends it; settles when it has ended. */
  stop(): Promise<void>;
  /** Settles with the exit status, or undefined when a signal ended it. */
  readonly ended: Promise<number | undefined>;
}

export type ModuleLoadResult =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'already' }
  | { readonly kind: 'failed'; readonly errno: number; readonly message: string };

export interface Sys {
  /** Whole file as text; rejects with ENOENT and the like as Node does. */
  readText(path: string): Promise<string>;
  /** `length` bytes at `offset` of a file or block device; shorter at its end. */
  readBytes(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** Names in a directory, sorted; empty when it does not exist. */
  list(directory: string): Promise<string[]>;
  exists(path: string): Promise<boolean>;
  /** The path behind all symbolic links; undefined when there is none. */
  realPath(path: string): Promise<string | undefined>;
  /** Bytes in a file or block device. */
  sizeBytes(path: string): Promise<number>;
  /** Writes at once, for sysfs knobs and files that need no care. */
  writeText(path: string, text: string): Promise<void>;
  /** Replaces a file, for its owner's eyes only unless `mode` says else; a reader, and a process that starts after a crash, finds the old content or the new, never half of it. */
  replaceFile(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  makeDirectory(path: string): Promise<void>;

  /** Runs a program to its end. Rejects only when it can't be started or `timeoutMs` passes. */
  run(command: string, args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<RunResult>;
  /** Starts a program and hands over each line of its standard output as it comes; a line of more than 4,096 characters comes in parts. */
  follow(command: string, args: readonly string[], onLine: (line: string) => void, options?: FollowOptions): Running;
  /** Mounts in a child process, never on this thread. */
  mount(request: MountRequest): Promise<void>;
  unmount(target: string): Promise<void>;
  /** Attaches a file to a free loop device and returns its path. */
  attachLoop(file: string, options?: { readOnly?: boolean }): Promise<string>;
  detachLoop(device: string): Promise<void>;
  /** finit_module(2) off the event loop; a driver's probe may take seconds. `path` is an uncompressed module. */
  loadModule(path: string, parameters?: string): Promise<ModuleLoadResult>;
}
