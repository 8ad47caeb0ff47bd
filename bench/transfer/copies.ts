// Bare copies over TCP, nothing verified: what the common tools of a Linux machine make of the same bytes, from memory to memory (tmpfs).

import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Content } from './content.ts';
import { Program } from './program.ts';
import { firstBytes, freePort, HOST, type Way } from './way.ts';

/** What starts the two ends; the receiver listens. */
interface Ends {
  readonly name: string;
  receive(port: string, image: string): Program;
  send(port: string, image: string): Program;
}

const SOCAT_BUFFER = ['-u', '-b', '1048576'];
const NODE_COPY = join(import.meta.dirname, 'node-copy.ts');

const ENDS: readonly Ends[] = [
  {
    name: 'socat',
    receive: (port, image) =>
      new Program('socat', [...SOCAT_BUFFER, `TCP-LISTEN:${port},bind=${HOST}`, `OPEN:${image},creat,trunc`]),
    send: (port, image) => new Program('socat', [...SOCAT_BUFFER, `OPEN:${image},rdonly`, `TCP:${HOST}:${port}`]),
  },
  {
    name: 'nc',
    receive: (port, image) => withFile(image, 'w', (output) => new Program('nc', ['-l', HOST, port], { output })),
    send: (port, image) => withFile(image, 'r', (input) => new Program('nc', ['-N', HOST, port], { input })),
  },
  {
    name: 'Node streams',
    receive: (port, image) => new Program(process.execPath, [NODE_COPY, 'receive', HOST, port, image]),
    send: (port, image) => new Program(process.execPath, [NODE_COPY, 'send', HOST, port, image]),
  },
];

export const COPIES: readonly Way[] = ENDS.map(({ name, receive, send }) => ({
  name,
  leaves: true,
  start: async () => async () => {},
  receive: async (content: Content) => {
    const { image } = content.receiver(name);
    const port = String(await freePort());
    const receiver = receive(port, image);
    await untilListening(Number(port));
    const sender = send(port, content.image);
    const started = await firstBytes(image);
    await receiver.end();
    const seconds = (performance.now() - started) / 1000;
    await sender.end();
    return seconds;
  },
}));

function withFile(path: string, flags: string, start: (file: number) => Program): Program {
  const file = openSync(path, flags);
  const program = start(file);
  closeSync(file);
  return program;
}

/** Looks it up in the kernel's table: a connection made to try would be taken for the sender. */
async function untilListening(port: number): Promise<void> {
  const entry = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} 0+:0000 0A `);
  while (!['/proc/net/tcp', '/proc/net/tcp6'].some((table) => entry.test(readFileSync(table, 'latin1'))))
    await sleep(5);
}
