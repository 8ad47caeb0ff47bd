// RuneManifest: a rune without its code, as plain data. What the planner works on, and what a foreign rune's thread tells the host about it. Pure.

import type { AnyInterface } from './interface.ts';
import type { AnyRune, Stage } from './rune.ts';

/** An interface by name and version. */
export interface InterfaceId {
  readonly name: string;
  readonly version: number;
}

export interface OfferedInterface extends InterfaceId {
  readonly reach?: 'room';
}

export interface RuneManifest {
  readonly name: string;
  readonly version: number;
  readonly stage: Stage;
  readonly summary: string;
  /** `built-in`, or the file that it came from. */
  readonly origin: string;
  readonly offers: readonly OfferedInterface[];
  /** Looked for in the room; nobody has to be there. */
  readonly seeks?: readonly InterfaceId[];
  readonly needs: readonly InterfaceId[];
  readonly after: readonly string[];
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}

/** The manifest of `rune`, which came from `origin`. */
export function manifestOf(rune: AnyRune, origin: string): RuneManifest {
  const id = ({ name, version }: AnyInterface): InterfaceId => ({ name, version });
  return {
    name: rune.name,
    version: rune.version,
    stage: rune.stage,
    summary: rune.summary ?? '',
    origin,
    offers: rune.offers.map((offered) => (offered.reach ? { ...id(offered), reach: offered.reach } : id(offered))),
    ...(rune.seeks ? { seeks: rune.seeks.map(id) } : {}),
    needs: rune.needs.map(id),
    after: rune.after ?? [],
    ...(rune.startTimeoutMs === undefined ? {} : { startTimeoutMs: rune.startTimeoutMs }),
    ...(rune.stopTimeoutMs === undefined ? {} : { stopTimeoutMs: rune.stopTimeoutMs }),
  };
}

/** For messages: `address-keeper v1`. */
export function formatInterface(id: InterfaceId): string {
  return `${id.name} v${id.version}`;
}
