// The thread of the rune host and of all built-in runes. It is driven by the process's main thread, and gives log lines and questions for the
// host's own services back to it. An error that nobody catches here is written down; it never ends the thread.

import { parentPort, workerData } from 'node:worker_threads';
import { createLog } from '../../log.ts';
import { RuneHost } from './host.ts';
import { hostOptions } from './host-options.ts';
import { MessageLink, type Port } from './message-link.ts';
import type { AreaLogMessage, HostWorkerData, ServiceMessage } from './start.ts';

let host: RuneHost | undefined;

const link = new MessageLink(parentPort as Port, {
  ask: {
    start: async () => {
      host = new RuneHost(await hostOptions(workerData as HostWorkerData, log, callService, { onMembers }));
      return host.start();
    },
    status: () => host?.status() ?? [],
    stop: () => host?.stop(),
    ping: () => undefined,
  },
  tell: { meet: (addresses: readonly string[]) => host?.meet(addresses) },
});

const log = createLog(
  (level, area, message) => link.tell('log', { level, area, message } satisfies AreaLogMessage),
  '',
  'debug',
);

/** A room that starts changes many times a second; the field and `viver status` need not know each step. */
const MEMBERS_PAUSE_MS = 250;
let willTell = false;

function onMembers(): void {
  if (willTell) return;
  willTell = true;
  setTimeout(() => {
    willTell = false;
    link.tell('members', host?.members() ?? []);
  }, MEMBERS_PAUSE_MS);
}

const callService = (name: string, method: string, request: unknown) =>
  link.ask('service', { name, method, request } satisfies ServiceMessage);

process.on('uncaughtException', (error) => {
  if (host) host.uncaught(error);
  else log.error(`the runes' thread: ${error.message}`);
});
