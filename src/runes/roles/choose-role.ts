// Which role a machine starts in. A word that no table has is a typing mistake: without the runes of any role a PC would wait for disks that it does not have,
// so it starts in the next role that there is. Pure.

import type { RoleTable } from './role-table.ts';

export interface ChosenRole {
  readonly role: string;
  /** One line for each wish that could not be fulfilled. */
  readonly faults: readonly string[];
}

export interface RoleWish {
  /** Who wishes it: `viver.role=`, `the list of machines`. */
  readonly from: string;
  readonly role: string | undefined;
}

/** @param otherwise The role of this way of booting: `first` or `node`. */
export function chooseRole(wishes: readonly RoleWish[], otherwise: string, table: RoleTable): ChosenRole {
  const wanted = wishes.flatMap(({ from, role }) => (role === undefined ? [] : [{ from, role }]));
  const known = wanted.findIndex(({ role }) => table.has(role));
  const role = wanted[known]?.role ?? otherwise;
  const refused = known < 0 ? wanted : wanted.slice(0, known);
  const faults = refused.map(({ from, role: name }) => `no role table has ${name}, as ${from} says: this is ${role}`);
  return { role, faults };
}
