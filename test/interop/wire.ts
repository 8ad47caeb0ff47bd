// One Ethernet segment on this machine: a bridge in a network namespace, and hosts (namespaces with a veth pair each) or taps for
// QEMU plugged into it. Needs root, iproute2, nftables. Nothing of it is seen outside, and close() takes all of it away.

import { type ChildProcess, execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';

export interface WireHost {
  readonly namespace: string;
  /** Runs a program to its end. */
  run(
    command: string,
    args: readonly string[],
    options?: { timeoutMs?: number; cwd?: string },
  ): SpawnSyncReturns<string>;
  /** Runs a program beside the test; close() of the wire ends it. */
  start(command: string, args: readonly string[], options?: { cwd?: string }): Program;
}

export interface Program {
  /** All that it wrote. */
  text(): string;
  /** Resolves with the text as soon as it matches; rejects when the program ends or time is up before. */
  waitFor(pattern: RegExp, timeoutMs: number): Promise<string>;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface Wire {
  /** Plugs in a host whose interface is called eth0. `address` with prefix length: `10.0.0.1/24`. */
  host(name: string, options?: { address?: string; mac?: string }): WireHost;
  /** Adds one more interface to a host, on this wire. */
  plug(host: WireHost, interfaceName: string, options?: { address?: string; mac?: string }): void;
  /** A tap for QEMU, which has to be started on the returned host (the bridge's own namespace). */
  tap(name: string): WireHost;
  /** Loses this part of all packets, each way. */
  lose(percent: number): void;
  close(): Promise<void>;
}

/** Makes an empty segment. `name` is a short prefix of all namespaces. */
export function createWire(name: string): Wire {
  const namespaces: string[] = [];
  const programs: Program[] = [];
  const bridge = addHost(`${name}-wire`);
  let ports = 0;
  ip('-n', bridge.namespace, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
  ip('-n', bridge.namespace, 'link', 'set', 'br0', 'up');

  function addHost(namespace: string): WireHost {
    spawnSync('ip', ['netns', 'del', namespace]);
    ip('netns', 'add', namespace);
    namespaces.push(namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    const inside = (command: string, args: readonly string[]) => ['netns', 'exec', namespace, command, ...args];
    return {
      namespace,
      run: (command, args, { timeoutMs = 60_000, cwd } = {}) =>
        spawnSync('ip', inside(command, args), { encoding: 'utf8', timeout: timeoutMs, killSignal: 'SIGKILL', cwd }),
      start: (command, args, { cwd } = {}) => {
        const program = watch(spawn('ip', inside(command, args), { stdio: ['ignore', 'pipe', 'pipe'], cwd }), command);
        programs.push(program);
        return program;
      },
    };
  }

  function plug(host: WireHost, interfaceName: string, options: { address?: string; mac?: string } = {}): void {
    const port = `port${ports++}`;
    const far = ['peer', 'name', interfaceName, 'netns', host.namespace];
    ip('-n', bridge.namespace, 'link', 'add', port, 'type', 'veth', ...far);
    ip('-n', bridge.namespace, 'link', 'set', port, 'master', 'br0', 'up');
    if (options.mac) ip('-n', host.namespace, 'link', 'set', interfaceName, 'address', options.mac);
    if (options.address) ip('-n', host.namespace, 'addr', 'add', options.address, 'brd', '+', 'dev', interfaceName);
    ip('-n', host.namespace, 'link', 'set', interfaceName, 'up');
  }

  return {
    host: (hostName, options) => {
      const host = addHost(`${name}-${hostName}`);
      plug(host, 'eth0', options);
      return host;
    },
    plug,
    tap: (tapName) => {
      ip('-n', bridge.namespace, 'tuntap', 'add', tapName, 'mode', 'tap');
      ip('-n', bridge.namespace, 'link', 'set', tapName, 'master', 'br0', 'up');
      return bridge;
    },
    lose: (percent) => {
      const rules = `table bridge loss { chain f { type filter hook forward priority 0; numgen random mod 1000 < ${percent * 10} drop; }; }`;
      execFileSync('ip', ['netns', 'exec', bridge.namespace, 'nft', '-f', '-'], { input: rules });
    },
    close: async () => {
      await Promise.all(programs.map((program) => program.stop()));
      for (const namespace of namespaces) {
        endAllIn(namespace);
        spawnSync('ip', ['netns', 'del', namespace]);
      }
    },
  };
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** What a program has started and left behind would live on without its network: daemons of a machine that was "switched off". */
function endAllIn(namespace: string): void {
  const { stdout } = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' });
  for (const pid of stdout.split('\n').filter(Boolean)) spawnSync('kill', ['-KILL', pid]);
}

/** `ip netns exec` becomes the program itself, so signals reach it. */
function watch(child: ChildProcess, what: string): Program {
  let text = '';
  let isOver = false;
  const changed = new Set<() => void>();
  const notify = () => {
    for (const listener of changed) listener();
  };
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      notify();
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      isOver = true;
      notify();
      resolve();
    });
  });
  return {
    text: () => text,
    waitFor: (pattern, timeoutMs) =>
      new Promise((resolve, reject) => {
        const finish = (why?: string) => {
          clearTimeout(timer);
          changed.delete(look);
          if (why) reject(new Error(`${what} ${why} before ${pattern}:\n${text.slice(-4000)}`));
          else resolve(text);
        };
        const look = () => {
          if (pattern.test(text)) finish();
          else if (isOver) finish('ended');
        };
        const timer = setTimeout(() => finish(`took more than ${timeoutMs} ms`), timeoutMs);
        changed.add(look);
        look();
      }),
    signal: (name) => void child.kill(name),
    stop: async () => {
      if (!isOver) child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), 3000);
      await ended;
      clearTimeout(kill);
    },
  };
}
