// BitTorrent clients, each as two processes: one seeds from memory, one fetches into memory. Plain TCP connections, no rate limit, nothing else
// switched on; what each is quick with is set.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTENT_BYTES, type Content } from './content.ts';
import { Program } from './program.ts';
import { startTracker } from './tracker.ts';
import { firstBytes, freePort, HOST, RECEIVER_HOST, type Way } from './way.ts';

const MIB = 2 ** 20;

/** Two of our nodes: the sender holds the content in its RAM, got from a third that has ended. */
export class ViverNodes implements Way {
  readonly name = 'viver';
  readonly leaves = false;
  #port = 0;

  async start(content: Content): Promise<() => Promise<void>> {
    const medium = await startNode(content, '--content', content.image);
    const sender = await startNode(content, '--peer', `${HOST}:${medium.port}`);
    await settled(sender.program);
    await medium.program.stop();
    this.#port = sender.port;
    return () => sender.program.stop();
  }

  async receive(content: Content): Promise<number> {
    const { program } = await startNode(content, '--peer', `${HOST}:${this.#port}`);
    const mebibytesPerSecond = await settled(program);
    await program.stop();
    return CONTENT_BYTES / MIB / mebibytesPerSecond;
  }
}

async function startNode({ metainfo }: Content, ...options: string[]): Promise<{ program: Program; port: number }> {
  const share = ['--share', String((CONTENT_BYTES / MIB) * 1.25)];
  const program = new Program(process.execPath, [
    ...[
      '--disable-warning=ExperimentalWarning',
      'test/programs/field-node.ts',
      metainfo,
      '--quiet',
      '--listen',
      `${HOST}:0`,
    ],
    ...share,
    ...options,
  ]);
  return { program, port: Number((await program.line(/"port":(\d+)/))[1]) };
}

/** The rate in MiB/s from the first verified piece to the last one. */
async function settled(program: Program): Promise<number> {
  program.write('settle\n');
  return Number((await program.line(/"mebibytesPerSecond":([\d.]+)/))[1]);
}

const LIBTORRENT = join(import.meta.dirname, 'libtorrent-peer.py');

export class Libtorrent implements Way {
  readonly name = 'libtorrent';
  readonly leaves = true;
  #torrent = '';
  #port = '';

  async start(content: Content): Promise<() => Promise<void>> {
    this.#torrent = content.torrent();
    const seed = new Program('/usr/bin/python3', [LIBTORRENT, this.#torrent, content.seedFolder, 'seed', HOST]);
    this.#port = (await seed.line(/listening (\d+)/))[1]!;
    return () => seed.stop();
  }

  async receive(content: Content): Promise<number> {
    const { folder, image } = content.receiver(this.name);
    const leech = new Program('/usr/bin/python3', [LIBTORRENT, this.#torrent, folder, 'leech', HOST, this.#port]);
    return secondsUntil(leech, image, /done/);
  }
}

const ARIA2 = [
  ...['--no-conf', '--enable-dht=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false'],
  ...['--file-allocation=none', '--console-log-level=notice', '--summary-interval=0', '--allow-overwrite=true'],
  ...['--bt-max-peers=4', '--disk-cache=4M', '--enable-color=false', '--check-integrity=true'],
];

export class Aria2 implements Way {
  readonly name = 'aria2';
  readonly leaves = true;
  #torrent = '';

  async start(content: Content): Promise<() => Promise<void>> {
    const port = await freePort();
    const tracker = await startTracker(port);
    this.#torrent = content.torrent(tracker.announce);
    const own = [`--dir=${content.seedFolder}`, '--seed-ratio=0', `--listen-port=${port}`];
    const seed = new Program('aria2c', [...ARIA2, ...own, this.#torrent]);
    await seed.line(/Verification finished successfully/);
    return async () => {
      tracker.close();
      await seed.stop();
    };
  }

  async receive(content: Content): Promise<number> {
    const { folder, image } = content.receiver(this.name);
    const own = [`--dir=${folder}`, '--seed-time=0', `--listen-port=${await freePort()}`];
    return secondsUntil(new Program('aria2c', [...ARIA2, ...own, this.#torrent]), image, /[Dd]ownload complete/);
  }
}

const TRANSMISSION = {
  'cache-size-mb': 4,
  'dht-enabled': false,
  encryption: 0,
  'incomplete-dir-enabled': false,
  'lpd-enabled': false,
  'pex-enabled': false,
  preallocation: 0,
  'port-forwarding-enabled': false,
  'ratio-limit-enabled': false,
  'rename-partial-files': false,
  'speed-limit-down-enabled': false,
  'speed-limit-up-enabled': false,
  'utp-enabled': false,
};

/** In its log, which is not buffered, when all pieces are there and verified. */
const FINISHED = /Calling script/;

export class Transmission implements Way {
  readonly name = 'Transmission';
  readonly leaves = true;
  #torrent = '';

  async start(content: Content): Promise<() => Promise<void>> {
    const port = await freePort();
    const tracker = await startTracker(port);
    this.#torrent = content.torrent(tracker.announce);
    const seed = this.#run(content, content.seedFolder, HOST, port);
    await seed.line(FINISHED);
    return async () => {
      tracker.close();
      await seed.stop();
    };
  }

  async receive(content: Content): Promise<number> {
    const { folder, image } = content.receiver(this.name);
    return secondsUntil(this.#run(content, folder, RECEIVER_HOST, await freePort()), image, FINISHED);
  }

  #run(content: Content, folder: string, host: string, port: number): Program {
    const config = join(content.folder, `transmission-${port}`);
    mkdirSync(config);
    writeFileSync(join(config, 'settings.json'), JSON.stringify({ ...TRANSMISSION, 'bind-address-ipv4': host }));
    const options = ['-g', config, '-w', folder, '-p', String(port), '-et', '-M', '-v', '-f', 'true'];
    return new Program('transmission-cli', [...options, this.#torrent]);
  }
}

async function secondsUntil(receiver: Program, image: string, done: RegExp): Promise<number> {
  try {
    const [started] = await Promise.all([firstBytes(image), receiver.line(done)]);
    return (performance.now() - started) / 1000;
  } finally {
    await receiver.stop();
  }
}
