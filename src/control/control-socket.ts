// The way into a running Viver process for the `viver` command: HTTP over a unix socket that only root can open.

import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { errorLine, ViverError } from '../errors.ts';
import type { NodeStatus } from './status.ts';

// An import of node:http reads everything that it offers, a WebSocket client among it: 90 modules and two seconds on an emulated machine.
const { createServer, request } = process.getBuiltinModule('node:http');

/** More than any status is; a larger answer is not ours. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Answers `GET /status` with what `status` returns at that moment. */
export async function openControlSocket(path: string, status: () => Promise<NodeStatus>): Promise<Server> {
  await rm(path, { force: true });
  const server = createServer((incoming, answer) => {
    const known = incoming.method === 'GET' && incoming.url === '/status';
    const write = (code: number, body: unknown) => {
      answer.writeHead(code, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(body));
    };
    if (!known) return write(404, {});
    status().then(
      (found) => write(200, found),
      (error: unknown) => write(500, { error: errorLine(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return server;
}

/** Asks the process behind `path`. Throws `CONTROL_UNREACHABLE` when there is none. */
export function askStatus(path: string): Promise<NodeStatus> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown) =>
      reject(
        new ViverError(
          'CONTROL_UNREACHABLE',
          `no Viver process answers at ${path}: is this a machine that Viver booted, and are you root?`,
          { cause },
        ),
      );
    const asked = request({ socketPath: path, path: '/status' }, (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) asked.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (answer.statusCode === 200) resolve(JSON.parse(text));
        else reject(new ViverError('CONTROL_REFUSED', `the Viver process answered ${answer.statusCode}: ${text}`));
      });
    });
    asked.on('error', refuse);
    asked.setTimeout(5000, () => asked.destroy(new Error('no answer within 5 s')));
    asked.end();
  });
}
