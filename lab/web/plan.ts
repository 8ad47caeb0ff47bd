// The web farm as data: its machines and their roles, how often the clients ask, how long each thing may take. Pure.

import { firstMachine } from '../demonstration/plan.ts';
import type { PlayPlan } from '../demonstration/play.ts';
import { type MachineDescription, macOf } from '../machine.ts';

/** RAM that a node may give to the field, as a part of the image. */
export const WEB_SHARE = 0.4;

/** Start together, before anybody asks. */
export const WEB_SERVERS: readonly string[] = ['web-1', 'web-2', 'web-3'];
/** Switched on while the clients ask. */
export const LATE_SERVER = 'web-4';

/** The load balancer's units, and how many requests a second the client of each sends: one is to be much busier. */
export const UNITS = [
  { name: 'red', port: 8001, perSecond: 20 },
  { name: 'blue', port: 8002, perSecond: 1 },
] as const;

/** Longest time for each thing, in seconds: generous under emulation on two busy cores. */
export const WEB_LIMITS = { boot: 900, join: 240, powerOff: 120 } as const;

/** How long the clients ask after each change before the next one, in seconds. */
export const REST_SECONDS = 20;

export interface WebPlan extends PlayPlan {
  /** Has the stick, and the clients. */
  readonly first: MachineDescription;
  /** The load balancer's name: a PC of its own, or the first one. */
  readonly balancer: string;
}

/** @param quick One PC less: the first one is the load balancer too. @param stick The boot stick's file. */
export function webPlan(quick: boolean, stick: string): WebPlan {
  const first = { ...firstMachine(stick), memoryMiB: 768 };
  return { bootSeconds: WEB_LIMITS.boot, first, balancer: quick ? 'first' : 'balancer' };
}

/** A line more for RUNES/roles in the quick farm. */
export const QUICK_ROLES = 'first:    @first resource-monitor load-balancer\n';

export function diskless(name: string): MachineDescription {
  return { name, firmware: 'bios', nic: 'virtio', medium: { kind: 'none' }, memoryMiB: 768 };
}

/**
 * RUNES/settings: the units, on ports that the first PC has free too, and more patience than on real PCs: under emulation a web server may take seconds
 * for an answer while another machine starts.
 */
export function settingsFile(): string {
  const units = JSON.stringify(UNITS.map(({ name, port }) => ({ name, port })));
  return `load-balancer silenceMs=10000 checkMs=2000 units=${units}\n`;
}

/** RUNES/machines: each diskless machine's name and role by its MAC address. */
export function machinesFile(): string {
  const line = (name: string, role: string) => `${macOf(name)} ${name} role=${role}\n`;
  return [line('balancer', 'balancer'), ...[...WEB_SERVERS, LATE_SERVER].map((name) => line(name, 'web'))].join('');
}
