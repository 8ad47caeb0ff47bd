// `viver field status`: asks the processes of this machine that take part in a field.

import { setTimeout as delay } from 'node:timers/promises';
import { askStatus } from '../control/control-socket.ts';
import type { NodeStatus } from '../control/status.ts';
import { ViverError } from '../errors.ts';
import type { Sys } from '../sys/sys.ts';
import type { CommandStatus } from './command-status.ts';
import { findControlSockets } from './control-place.ts';
import { formatProcesses, formatStatusPage, type StatusPage } from './status-page.ts';

/** Speeds are measured over so long. */
const SAMPLE_MS = 1_000;

export interface StatusOptions {
  readonly json?: boolean;
  /** Ask the process behind this control socket; all that are found without it. */
  readonly socket?: string;
}

/** @returns what is to be printed. @throws ViverError CONTROL_UNREACHABLE, CONTROL_NONE, CONTROL_SEVERAL */
export async function reportStatus({ json, socket }: StatusOptions, sys: Sys): Promise<string> {
  const found = socket === undefined ? await askAll(sys) : [[socket, await ask(socket)] as const];
  const [first, second] = found;
  if (!first) throw nobody();
  if (second && json) throw several(found.map(([path]) => path));
  if (second) return `${formatProcesses(found)}More of one of them: viver field status --socket SOCKET\n`;
  return json ? `${JSON.stringify(first[1].field, null, 2)}\n` : await page(...first);
}

async function page(socket: string, before: StatusPage): Promise<string> {
  const started = performance.now();
  await delay(SAMPLE_MS);
  const now = await ask(socket);
  return formatStatusPage(before.field, now, (performance.now() - started) / 1000);
}

/** Sockets whose process is gone, or is not ours to ask, are passed over. */
async function askAll(sys: Sys): Promise<(readonly [socket: string, status: StatusPage])[]> {
  const sockets = await findControlSockets(sys, { env: process.env, isRoot: false, processId: process.pid });
  const answers = await Promise.all(sockets.map((path) => ask(path).catch(() => undefined)));
  return sockets.flatMap((path, at) => (answers[at] ? [[path, answers[at]] as const] : []));
}

function ask(socket: string): Promise<StatusPage> {
  return askStatus<CommandStatus | NodeStatus>(socket);
}

function nobody(): ViverError {
  return new ViverError(
    'CONTROL_NONE',
    "no process that takes part in a field answers here: start 'viver field seed' or 'join', or ask as its user or root",
  );
}

function several(sockets: readonly string[]): ViverError {
  return new ViverError('CONTROL_SEVERAL', `several processes answer, name one by --socket: ${sockets.join(' ')}`);
}
