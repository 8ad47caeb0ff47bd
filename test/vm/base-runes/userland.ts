// A whole Debian without a machine: its real init, with all that it starts, in namespaces of this kernel, after the configure runes had it in hand. What
// needs devices, a kernel of its own or our initrd is not to be seen here; all else is, in seconds. Needs root.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../../../kit/child.ts';
import type { GuestResult } from '../../../lab/guest-agent.ts';
import type { WireHost } from '../../interop/wire.ts';
import type { GuestMachine } from './check.ts';
import type { ConfigureProgramOptions } from './configure-program.ts';

const SCRIPT = fileURLToPath(new URL('userland.sh', import.meta.url));
const PROGRAM = fileURLToPath(new URL('configure-program.ts', import.meta.url));
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--uts', '--ipc', '--cgroup'];
const START_MS = 120_000;
const POLL_MS = 200;

export class Userland implements GuestMachine {
  readonly #child: ChildProcess;
  readonly #place: string;
  /** Of its own: two inits in one would take each other's away. */
  readonly #group: string;
  #output = '';

  private constructor(child: ChildProcess, place: string, group: string) {
    this.#child = child;
    this.#place = place;
    this.#group = group;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** Starts the system of the tree `root` on a host of a wire; settles when it has started all it wants. */
  static async start(host: WireHost, root: string, options: ConfigureProgramOptions): Promise<Userland> {
    const place = mkdtempSync(join(tmpdir(), 'viver-userland-'));
    const configure = [process.execPath, '--disable-warning=ExperimentalWarning', PROGRAM, JSON.stringify(options)];
    const args = ['netns', 'exec', host.namespace, 'unshare', ...NAMESPACES, SCRIPT, root, place, ...configure];
    const group = join(controlGroups(), basename(place));
    mkdirSync(group);
    const joined = ['-c', 'echo $$ >"$0/cgroup.procs"; exec ip "$@"', group, ...args];
    const userland = new Userland(spawn('sh', joined, { stdio: ['ignore', 'pipe', 'pipe'] }), place, group);
    await userland.#started();
    return userland;
  }

  readonly agent = {
    shell: (script: string) => this.#run(['/bin/sh', '-c', script]),
    writeFile: async (path: string, content: Uint8Array) => {
      const { status, stderr } = await this.#run(['/bin/sh', '-c', `cat >'${path}'`], Buffer.from(content).toString());
      if (status !== 0) throw new Error(`${path}: ${stderr}`);
    },
  };

  /** Orderly, from inside; settles when all is over. */
  async powerOff(): Promise<void> {
    await this.agent.shell('systemctl poweroff');
    await this.#ended();
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended();
    await rm(this.#place, { recursive: true, force: true });
    await runChild('find', [this.#group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
  }

  async #started(): Promise<void> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      const { stdout } = await this.agent.shell('systemctl is-system-running').catch(() => ({ stdout: '' }));
      if (/^(running|degraded)/.test(stdout)) return;
      if (this.#child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the system does not start (${stdout.trim()}):\n${this.#output.slice(-4000)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #ended(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  async #run(command: readonly string[], input?: string): Promise<GuestResult> {
    const pid = this.#child.pid;
    const init = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    if (!/^\d+$/.test(init) || readFileSync(`/proc/${init}/comm`, 'utf8').trim() !== 'systemd')
      throw new Error('its init does not run');
    const enter = ['--target', init, '--all', '--root', '--wd', ...command];
    return runChild('nsenter', enter, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, ...(input ? { input } : {}) });
  }
}

/** Where this kernel's one tree of control groups is mounted (cgroups(7), version 2). */
function controlGroups(): string {
  const [, place] = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/self/mounts', 'utf8')) ?? [];
  if (!place) throw new Error('no cgroup2 is mounted');
  return place;
}
