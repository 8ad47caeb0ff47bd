// The thread of the rune host and of all built-in runes. It is driven by the process's main thread, and gives log lines and questions for the
// host's own services back to it. An error that nobody catches here is written down; it never ends the thread.

import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createLog } from '../../log.ts';
import { giveStartBack } from '../../sys/give-memory-back.ts';
import { RuneHost } from './host.ts';
import { hostOptions } from './host-options.ts';
import { MessageLink, type Port } from './message-link.ts';
import type { AreaLogMessage, HostWorkerData, ServiceMessage } from './start.ts';

const data = workerData as HostWorkerData;
let host: RuneHost | undefined;

const link = new MessageLink(parentPort as Port, {
  ask: {
    start: async () => {
      host = new RuneHost(await hostOptions(data, log, callService, { onMembers }));
      const report = await host.start();
      if (!data.room) void rest();
      return report;
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

/** Runes and the engine may have something to do first. */
const REST_AFTER_MS = 5000;
let isResting = false;

/** A third of what the start takes is needed by nothing that comes later. */
async function rest(): Promise<void> {
  isResting = true;
  await pause(REST_AFTER_MS);
  await giveStartBack();
}

/** Told for the first time when the engine of the room is there, or is known not to come. */
function onMembers(): void {
  if (!isResting) void rest();
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
