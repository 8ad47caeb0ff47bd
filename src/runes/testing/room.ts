// A small room of runes for the tests: a lamp and its switch, facts of a machine, a log that is kept.

import * as z from 'zod/mini';
import { createLog, type Log } from '../../log.ts';
import type { Facts } from '../contract/facts.ts';
import { defineInterface } from '../contract/interface.ts';
import { defineRune } from '../contract/rune.ts';

export const sampleFacts: Facts = {
  role: 'first',
  kernelRelease: '6.1.0-56-amd64',
  commandLine: 'console=ttyS0 viver.debug quiet',
  nics: [],
  bootNic: {
    name: 'eth0',
    mac: '52:54:00:ab:cd:ef',
    address: '10.86.0.1',
    netmask: '255.255.255.0',
    dnsServers: [],
    addressSource: 'own',
  },
};

export const lamp = defineInterface({
  name: 'lamp',
  version: 1,
  calls: {
    turn: { request: z.strictObject({ on: z.boolean() }), reply: z.strictObject({ watts: z.number() }) },
  },
  events: { burnt: z.strictObject({ hours: z.number() }) },
});

/** A rune that offers the lamp. */
export const lampRune = defineRune({
  name: 'lamp-rune',
  version: 1,
  stage: 'serve',
  offers: [lamp],
  needs: [],
  start(ctx) {
    ctx.offer(lamp, { turn: ({ on }) => ({ watts: on ? 40 : 0 }) });
  },
});

/** A log that keeps its lines. */
export function keptLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: createLog((level, area, message) => lines.push(`${level} ${area}: ${message}`), '', 'debug') };
}
