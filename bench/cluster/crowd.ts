// A process with some nodes of one engine, led by messages from the benchmark: opens them, tells how many know whom, calls.

import { type BenchNode, engineNamed, type NodeOptions } from './engine.ts';

export interface CrowdOrder {
  readonly engine: string;
  readonly nodes: readonly NodeOptions[];
}

/** What a crowd says ten times a second. */
export interface CrowdView {
  readonly names: readonly string[];
  /** The fewest members that one of its nodes knows. */
  readonly least: number;
  /** How many of its nodes know the watched member. */
  readonly knowing: number;
  readonly cpuMs: number;
  readonly rss: number;
}

export type CrowdRequest =
  | { readonly kind: 'open'; readonly order: CrowdOrder }
  | { readonly kind: 'watch'; readonly name: string }
  | {
      readonly kind: 'calls';
      readonly to: string;
      readonly bytes: number;
      readonly inFlight: number;
      readonly ms: number;
    }
  | { readonly kind: 'large'; readonly to: string; readonly bytes: number };

const nodes: BenchNode[] = [];
let watched = '';
let isOpen = false;

process.on('message', (request: CrowdRequest) => void answer(request).catch(fail));
process.on('disconnect', () => process.exit());
process.on('unhandledRejection', (error) => tell({ trouble: error instanceof Error ? error.stack : String(error) }));
setInterval(() => tell({ view: view() }), 100);

function view(): CrowdView {
  const known = nodes.map((node) => node.members());
  const { user, system } = process.cpuUsage();
  return {
    names: nodes.map((node) => node.name),
    least: isOpen ? Math.min(...known.map((set) => set.size)) : 0,
    knowing: known.filter((set) => set.has(watched)).length,
    cpuMs: (user + system) / 1000,
    rss: process.memoryUsage.rss(),
  };
}

async function answer(request: CrowdRequest): Promise<void> {
  if (request.kind === 'watch') watched = request.name;
  else if (request.kind === 'open') await openAll(request.order);
  else if (request.kind === 'calls') tell({ rate: await callRate(request) });
  else
    tell({
      large: await nodes[0]!
        .echo(request.to, 'x'.repeat(request.bytes))
        .then((text) => `${text.length} bytes came back`, String),
    });
}

async function openAll({ engine, nodes: wanted }: CrowdOrder): Promise<void> {
  const { load, open } = await engineNamed(engine);
  const rssBefore = process.memoryUsage.rss();
  const begin = performance.now();
  await load();
  const loaded = performance.now();
  nodes.push(...(await Promise.all(wanted.map(open))));
  isOpen = true;
  tell({
    opened: { loadMs: loaded - begin, openMs: performance.now() - loaded, rssBefore, rss: process.memoryUsage.rss() },
  });
}

async function callRate({ to, bytes, inFlight, ms }: Extract<CrowdRequest, { kind: 'calls' }>): Promise<number> {
  const text = 'x'.repeat(bytes);
  const begin = performance.now();
  let done = 0;
  const worker = async () => {
    while (performance.now() - begin < ms) {
      const back = await nodes[0]!.echo(to, text);
      if (back.length !== bytes) throw new Error('a wrong echo');
      done++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return done / ((performance.now() - begin) / 1000);
}

function tell(message: unknown): void {
  if (process.connected) process.send!(message);
}

function fail(error: unknown): void {
  tell({ trouble: String(error) });
}
