// A network of real hosts on this machine: one network namespace for each, joined by a bridge, each link held to a rate in both directions by tc's
// token bucket. Needs root. Everything is gone after `close`.

import { execFileSync } from 'node:child_process';

const PREFIX = 'viver-sim';
/** Largest burst of the bucket, and bytes that wait in it before packets are dropped, as in a switch's port. */
const BURST = '32kb';
const LIMIT = '512kb';

export class Namespaces {
  readonly #names: string[] = [];
  readonly #rate: string;
  readonly #switch: string;

  /** @param bitsPerSecond Of each link, each way. */
  constructor(bitsPerSecond: number) {
    this.#rate = `${bitsPerSecond}bit`;
    this.#switch = this.#make('switch');
    ip('-n', this.#switch, 'link', 'add', 'bridge', 'type', 'bridge');
    ip('-n', this.#switch, 'link', 'set', 'bridge', 'up');
  }

  /** @returns The namespace of a new host with this address. */
  addHost(address: string): string {
    const name = this.#make(`host${this.#names.length}`);
    const port = `port${this.#names.length}`;
    ip('-n', this.#switch, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('-n', this.#switch, 'link', 'set', port, 'master', 'bridge', 'up');
    ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    for (const [where, device] of [
      [this.#switch, port],
      [name, 'eth0'],
    ] as const) {
      execFileSync('tc', ['-n', where, 'qdisc', 'add', 'dev', device, 'root', ...this.#bucket()]);
    }
    return name;
  }

  close(): void {
    for (const name of this.#names) ip('netns', 'delete', name);
  }

  #bucket(): string[] {
    return ['tbf', 'rate', this.#rate, 'burst', BURST, 'limit', LIMIT];
  }

  #make(word: string): string {
    const name = `${PREFIX}-${process.pid}-${word}`;
    ip('netns', 'add', name);
    this.#names.push(name);
    return name;
  }
}

function ip(...words: string[]): void {
  execFileSync('ip', words);
}
