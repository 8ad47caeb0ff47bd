// One way to move the content between two processes of this machine, and how each is timed: from the first bytes that arrive to the last one stored, and
// verified where the way verifies. For programs that can't tell the first moment it is that of the first block in their file, which is in their favour.

import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Content } from './content.ts';

export interface Way {
  readonly name: string;
  /** Starts the sender, where one serves all runs. @returns What stops it. */
  start(content: Content): Promise<() => Promise<void>>;
  /** Moves the content once, to a new receiver. @returns Seconds. */
  receive(content: Content): Promise<number>;
  /** Where the receiver leaves it; undefined for one that keeps it in its own memory. */
  readonly leaves: boolean;
}

/** Resolves with the time at which the first block of `path` is there. */
export async function firstBytes(path: string): Promise<number> {
  for (;;) {
    const { blocks } = await stat(path).catch(() => ({ blocks: 0 }));
    if (blocks > 0) return performance.now();
    await sleep(1);
  }
}

/**
 * Where everything listens, and where a client that fetches says it is. Transmission refuses peers at 127.0.0.1 and knows one peer at each address only, so the
 * loopback interface has two more of them (own-network.ts).
 */
export const HOST = '10.78.0.1';
export const RECEIVER_HOST = '10.78.0.2';

/** A port that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
