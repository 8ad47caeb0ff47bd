// The storm of the validation with real processes: test/programs/field-node.ts in a network namespace each. All read the whole image at the same moment.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { encodeMetainfo } from '../../src/vfield/metainfo.ts';
import type { TestImage } from '../image.ts';
import { Namespaces } from './namespaces.ts';
import type { ValidationOptions, ValidationResult } from './validation.ts';

const PORT = 6881;

export async function runRealStorm({
  image,
  nodes,
  shareMebibytes,
  bitsPerSecond,
}: ValidationOptions): Promise<ValidationResult> {
  const folder = mkdtempSync('/dev/shm/viver-sim-');
  const network = new Namespaces(bitsPerSecond);
  const started: NodeProcess[] = [];
  try {
    const torrent = writeImage(folder, image);
    const start = (number: number, ...words: string[]): NodeProcess => {
      const address = `10.77.0.${number + 1}`;
      const node = new NodeProcess(network.addHost(address), [torrent, '--listen', `${address}:${PORT}`, ...words]);
      started.push(node);
      return node;
    };
    const first = start(0, '--content', join(folder, 'image'));
    await first.says('port');
    const peer = ['--peer', `10.77.0.1:${PORT}`, '--share', `${shareMebibytes}`];
    const readers = Array.from({ length: nodes }, (_, at) => start(at + 1, ...peer));
    await Promise.all(readers.map((node) => node.says('port')));
    for (const node of readers) node.tell('all');
    const seconds = await Promise.all(readers.map(async (node) => Number((await node.says('all')).seconds)));
    return { readMs: seconds.map((value) => value * 1000), firstSentBytes: await first.sentBytes() };
  } finally {
    await Promise.all(started.map((node) => node.end()));
    network.close();
    rmSync(folder, { recursive: true });
  }
}

/** @returns The torrent's path; the content lies beside it. */
function writeImage(folder: string, image: TestImage): string {
  const torrent = join(folder, 'image.torrent');
  writeFileSync(join(folder, 'image'), image.bytes);
  writeFileSync(torrent, encodeMetainfo(image.metainfo));
  return torrent;
}

type Line = Record<string, unknown>;

class NodeProcess {
  readonly #process: ChildProcess;
  readonly #lines: Line[] = [];
  #onLine = (): void => {};
  #hasEnded = false;

  constructor(namespace: string, words: readonly string[]) {
    const program = [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      'test/programs/field-node.ts',
      '--quiet',
    ];
    this.#process = spawn('ip', ['netns', 'exec', namespace, ...program, ...words], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#process.once('exit', () => {
      this.#hasEnded = true;
      this.#onLine();
    });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.#lines.push(JSON.parse(line));
      this.#onLine();
    });
  }

  tell(command: string): void {
    this.#process.stdin!.write(`${command}\n`);
  }

  /** The next line that has this key. @throws Error when the process ends without it. */
  async says(key: string): Promise<Line> {
    for (;;) {
      const at = this.#lines.findIndex((line) => key in line);
      if (at >= 0) return this.#lines.splice(at, 1)[0]!;
      if (this.#hasEnded) throw new Error(`a node ended before it said "${key}"`);
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
  }

  /** Bytes of blocks that it has sent to the peers that are connected. */
  async sentBytes(): Promise<number> {
    this.tell('status');
    const { status } = (await this.says('status')) as { status: { peers: { bytesTo: number }[] } };
    return status.peers.reduce((sum, { bytesTo }) => sum + bytesTo, 0);
  }

  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.tell('end');
    await ended;
  }
}
