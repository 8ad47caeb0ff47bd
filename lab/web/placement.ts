// Which web server is in which unit, from what the load balancer's rune has said so far; and what a web server said of its choice. Pure.

/** Unit -> its machines, in the order in which they joined. */
export type Placement = ReadonlyMap<string, readonly string[]>;

/** @param log Lines of the load balancer's machine, the oldest first. */
export function readPlacement(log: string): Placement {
  const units = new Map<string, string[]>();
  for (const line of log.split('\n')) {
    const [, joined, unit] = /load-balancer: (\S+) \(\S+\) joins unit (\w+),/.exec(line) ?? [];
    const [, gone] = /load-balancer: (\S+) \(\S+\) (?:leaves|is left|is lost|changes its unit): unit /.exec(line) ?? [];
    if (gone) for (const machines of units.values()) removeFrom(machines, gone);
    if (joined && unit) units.set(unit, [...(units.get(unit) ?? []).filter((name) => name !== joined), joined]);
  }
  return units;
}

export function unitOf(placement: Placement, machine: string): string | undefined {
  return [...placement].find(([, machines]) => machines.includes(machine))?.[0];
}

export interface Choice {
  /** Unit -> load as the web server was told it; infinite where nobody serves. */
  readonly loads: ReadonlyMap<string, number>;
  readonly joined: string;
}

/** The last choice that a web server's rune has told; undefined when it has not joined. */
export function readChoice(log: string): Choice | undefined {
  const told = [...log.matchAll(/web-server: units of \S+: (.+)$/gm)].at(-1)?.[1];
  const joined = [...log.matchAll(/web-server: joined unit (\w+) of /gm)].at(-1)?.[1];
  if (!told || !joined) return undefined;
  const loads = told.split(', ').map((part): [string, number] => {
    const [name = '', load = ''] = part.split(' ');
    return [name, load === 'unserved' ? Number.POSITIVE_INFINITY : Number(load)];
  });
  return { loads: new Map(loads), joined };
}

function removeFrom(machines: string[], name: string): void {
  const index = machines.indexOf(name);
  if (index >= 0) machines.splice(index, 1);
}
