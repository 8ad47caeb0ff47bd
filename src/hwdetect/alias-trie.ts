// The index of alias patterns: a radix tree over their letters, wildcards included, in the form that goes into the initrd as JSON.
// Looking up a modalias walks the literal letters (bus, vendor, product …) and only matches patterns below the wildcards on its way.
// The walk, and with it the order and the number of answers, is that of modules.alias.bin in kmod (libkmod-index.c): what differs
// only shows when the modalias itself has wildcards in it, or when priorities are equal, and is kept there too.

import { advance, type Places } from './glob.ts';

/** A node: the letters that lead to it, the values that end here (in answer order), its children by first letter. */
export type AliasTrie = readonly [label: string, values: readonly number[], children?: readonly AliasTrie[]];

/** One pattern (canonical, see module-name.ts) and what it stands for. */
export interface AliasRule {
  readonly pattern: string;
  readonly value: number;
}

/** Values of equal priority answer in the reverse order of being found, as in kmod. */
export type PriorityOf = (value: number) => number;

export function buildTrie(rules: readonly AliasRule[], priorityOf: PriorityOf): AliasTrie {
  const byPattern = new Map<string, number[]>();
  for (const { pattern, value } of rules) {
    const values = byPattern.get(pattern);
    // depmod puts a new value before those of equal priority.
    if (values === undefined) byPattern.set(pattern, [value]);
    else values.unshift(value);
  }
  for (const values of byPattern.values()) values.sort((one, other) => priorityOf(one) - priorityOf(other));
  const patterns = [...byPattern.keys()].sort((one, other) => (one < other ? -1 : 1));
  return buildNode({ patterns, byPattern }, 0, patterns.length, 0, 0);
}

interface Source {
  readonly patterns: readonly string[];
  readonly byPattern: ReadonlyMap<string, readonly number[]>;
}

/** The node of `patterns[low..high)`, which have `end` letters in common; its label starts at letter `start`. */
function buildNode(source: Source, low: number, high: number, start: number, end: number): AliasTrie {
  const { patterns, byPattern } = source;
  const label = patterns[low]?.slice(start, end) ?? '';
  const endsHere = patterns[low]?.length === end;
  const values = endsHere ? byPattern.get(patterns[low]!)! : [];
  const children: AliasTrie[] = [];
  for (let first = endsHere ? low + 1 : low; first < high; ) {
    let last = first + 1;
    while (last < high && patterns[last]![end] === patterns[first]![end]) last++;
    children.push(buildNode(source, first, last, end, commonLength(patterns[first]!, patterns[last - 1]!, end + 1)));
    first = last;
  }
  return children.length === 0 ? [label, values] : [label, values, children];
}

function commonLength(one: string, other: string, from: number): number {
  let at = from;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

const WILDCARDS = ['*', '?', '['];

/** The values of all patterns that match `text`, by priority; a value comes as often as it has matching patterns. */
export function searchTrie(root: AliasTrie, text: string, priorityOf: PriorityOf): number[] {
  const found: number[] = [];
  let node: AliasTrie | undefined = root;
  let place = 0;
  while (node !== undefined) {
    const walked = walkLabel(node[0], text, place);
    if (walked < 0) break;
    if (walked < node[0].length) {
      // kmod leaves the literal way at the first wildcard within a label.
      if (WILDCARDS.includes(node[0][walked]!)) matchBelow(node, walked, [place + walked], text, found);
      break;
    }
    place += walked;
    for (const wildcard of WILDCARDS) {
      const child = childOf(node, wildcard);
      if (child !== undefined) matchBelow(child, 0, [place], text, found);
    }
    if (place === text.length) found.push(...node[1]);
    node = place < text.length ? childOf(node, text[place]!) : undefined;
  }
  return found.reverse().sort((one, other) => priorityOf(one) - priorityOf(other));
}

/** How many letters of the label are walked literally: all, or up to a wildcard; -1 when a letter differs. The first one is given. */
function walkLabel(label: string, text: string, place: number): number {
  for (let at = label === '' ? 0 : 1; at < label.length; at++) {
    if (WILDCARDS.includes(label[at]!)) return at;
    if (label[at] !== text[place + at]) return -1;
  }
  return label.length;
}

function childOf(node: AliasTrie, letter: string): AliasTrie | undefined {
  return node[2]?.find((child) => child[0][0] === letter);
}

/** Matches everything from letter `at` of the node's label downwards as patterns; deeper nodes first, as kmod does. */
function matchBelow(node: AliasTrie, at: number, places: Places, text: string, found: number[]): void {
  const label = node[0].slice(at);
  const complex = label.search(/[[\\]/);
  if (complex >= 0) {
    const here = advance(places, label.slice(0, complex), text);
    if (here.length > 0) matchWhole(node, label.slice(complex), here, text, found);
    return;
  }
  const here = advance(places, label, text);
  if (here.length === 0) return;
  for (const child of node[2] ?? []) matchBelow(child, 0, here, text, found);
  if (here.at(-1) === text.length) found.push(...node[1]);
}

/** Brackets may be cut by labels: from here on, patterns are put together before they are matched. */
function matchWhole(node: AliasTrie, pattern: string, places: Places, text: string, found: number[]): void {
  for (const child of node[2] ?? []) matchWhole(child, pattern + child[0], places, text, found);
  if (node[1].length > 0 && advance(places, pattern, text).at(-1) === text.length) found.push(...node[1]);
}
