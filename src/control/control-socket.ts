// The way into a running Viver process for the `viver` command: HTTP over a unix socket that only root can open.

import { chmod } from 'node:fs/promises';
import type { Server } from 'node:http';
import { errorLine, ViverError } from '../errors.ts';
import type { MachineRunes } from '../runes/survey/machine-runes.ts';
import { removeStaleSocket } from '../sys/stale-socket.ts';
import type { TraceFile } from '../vfield/trace-file.ts';
import type { MemberStatus, NodeStatus } from './status.ts';

// An import of node:http reads everything that it offers, a WebSocket client among it: 90 modules and two seconds on an emulated machine.
const { createServer, request } = process.getBuiltinModule('node:http');

/** More than any status is; a larger answer is not ours. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

const ANSWER_MS = 5000;
/** Runes stop one behind the other, each within its own limit. */
const LEAVE_MS = 40_000;

/** What the process can be asked for, each as it is at that moment; what an answer throws is told. */
export interface ControlAnswers {
  status(): Promise<MemberStatus>;
  /** The boot trace that was recorded here. */
  trace?(): Promise<TraceFile>;
  /** What became of the runes here. */
  runes?(): Promise<MachineRunes>;
  /** Stops the runes and says farewell to the room. */
  leave?(): Promise<void>;
}

/** Answers `GET /status`, `GET /trace`, `GET /runes` and `POST /leave`. */
export async function openControlSocket(path: string, answers: ControlAnswers): Promise<Server> {
  await removeStaleSocket(path);
  const byRequest: Record<string, (() => Promise<unknown>) | undefined> = {
    'GET /status': answers.status,
    'GET /trace': answers.trace,
    'GET /runes': answers.runes,
    'POST /leave': answers.leave && (async () => ({ left: await answers.leave?.().then(() => true) })),
  };
  const server = createServer((incoming, answer) => {
    const find = byRequest[`${incoming.method} ${incoming.url}`];
    const write = (code: number, body: unknown) => {
      answer.writeHead(code, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(body));
    };
    if (!find) return write(404, { error: `there is no ${incoming.method} ${incoming.url}` });
    find().then(
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

/** Asks the process behind `path`. @throws ViverError `CONTROL_UNREACHABLE` when there is none, `CONTROL_REFUSED`. */
export function askStatus<Status extends MemberStatus = NodeStatus>(path: string): Promise<Status> {
  return ask(path, '/status');
}

/** What became of the runes there. @throws ViverError as `askStatus`. */
export function askRunes(path: string): Promise<MachineRunes> {
  return ask(path, '/runes');
}

/** The boot trace that was recorded there. @throws ViverError as `askStatus`. */
export function askTrace(path: string): Promise<TraceFile> {
  return ask(path, '/trace');
}

/** Has the process stop its runes and leave the room; returns when it did. @throws ViverError as `askStatus`. */
export async function askToLeave(path: string): Promise<void> {
  await ask(path, '/leave', 'POST', LEAVE_MS);
}

function ask<Answer>(path: string, url: string, method = 'GET', limitMs = ANSWER_MS): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown) =>
      reject(
        new ViverError(
          'CONTROL_UNREACHABLE',
          `no Viver process answers at ${path}: does one run here, and are you root?`,
          { cause },
        ),
      );
    const asked = request({ socketPath: path, path: url, method }, (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) asked.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        try {
          const body = JSON.parse(text);
          if (answer.statusCode === 200) resolve(body);
          else reject(new ViverError('CONTROL_REFUSED', `the Viver process answers: ${body.error}`));
        } catch (cause) {
          refuse(cause);
        }
      });
    });
    asked.on('error', refuse);
    asked.setTimeout(limitMs, () => asked.destroy(new Error(`no answer within ${limitMs} ms`)));
    asked.end();
  });
}
