// The settings that a rune would get: what the RUNES folders say, checked by the rune's own schema, its defaults put in.

import { errorLine } from '../../errors.ts';
import type { Cell } from '../host/cell.ts';
import { type MergedSettings, placeOfSetting } from '../settings/merged-settings.ts';
import type { RuneFault } from './manifests.ts';

export interface SettledSetting {
  readonly key: string;
  readonly value: unknown;
  /** `FILE:LINE`; undefined for a default. */
  readonly at?: string;
}

export interface Settled {
  readonly settings: readonly SettledSetting[];
  readonly faults: readonly RuneFault[];
}

/**
 * Asks the rune in `cell`, which is not started.
 * @param path The rune's file, for a fault that has no line in a settings file.
 */
export async function settle(cell: Cell, rune: string, path: string, given: MergedSettings): Promise<Settled> {
  const places = given.places[rune] ?? {};
  const fault = (place: string, message: string): RuneFault => ({ rune, path: place, message: `${place}: ${message}` });
  try {
    const settled = (await cell.settings(given.settings[rune])) as Readonly<Record<string, unknown>> | undefined;
    const settings = Object.entries(settled ?? {}).map(([key, value]): SettledSetting => {
      const at = places[key];
      return { key, value, ...(at === undefined ? {} : { at }) };
    });
    const unknown = Object.entries(places).filter(([key]) => !settings.some((setting) => setting.key === key));
    return { settings, faults: unknown.map(([key, place]) => fault(place, `rune ${rune} has no setting ${key}`)) };
  } catch (error) {
    const message = errorLine(error);
    return {
      settings: [],
      faults: [fault(placeOfSetting(message, places) ?? Object.values(places)[0] ?? path, message)],
    };
  }
}
