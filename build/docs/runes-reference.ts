// The reference part of docs/runes.md, made of what the code declares: fields of a rune and of its context, facts, built-in roles and runes with their
// settings, interfaces with their calls and events. `make docs` writes it; a test compares.

import { readFile } from 'node:fs/promises';
import { builtinRunes } from '../../src/runes/builtin/builtin.ts';
import type { AnyInterface, CallShape } from '../../src/runes/contract/interface.ts';
import { type AnyRune, STAGES } from '../../src/runes/contract/rune.ts';
import { DEFAULT_ROLES } from '../../src/runes/roles/role-table.ts';
import * as viver from '../../src/runes/viver.ts';
import { interfaceMembers } from './interface-members.ts';
import { jsonSchemaOf, propertiesOf, typeText } from './schema-text.ts';

export const BEGIN = '<!-- reference: made by `make docs`, do not edit -->';
export const END = '<!-- end of reference -->';

const CONTRACT = new URL('../../src/runes/contract/', import.meta.url);
const MARKS = { rune: '', without: '-', role: '@' } as const;

/** The page with its reference part made anew. */
export async function withReference(page: string): Promise<string> {
  const [before, after] = [page.split(BEGIN)[0] ?? '', page.split(END)[1] ?? ''];
  return `${before}${BEGIN}\n${await runesReference()}\n${END}${after}`;
}

/** Markdown, from `### …` on. */
export async function runesReference(): Promise<string> {
  const runes = await Promise.all(Object.values(builtinRunes).map((load) => load()));
  const sorted = runes.toSorted((a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage));
  const parts = [
    ...(await contractTables()),
    section('Roles that are built in', roleTable()),
    section('Runes that are built in', runeTable(sorted)),
    ...sorted.filter(({ settings }) => settings !== undefined).map(settingsTable),
    section('Interfaces', "Exported by 'viver'; messages are checked against these types on both ends."),
    ...Object.values(viver).filter(isInterface).map(interfaceTable),
  ];
  return parts.join('\n');
}

async function contractTables(): Promise<string[]> {
  const read = (name: string) => readFile(new URL(name, CONTRACT), 'utf8');
  const [rune, rootFiles, facts] = await Promise.all([read('rune.ts'), read('root-files.ts'), read('facts.ts')]);
  return [
    section('Fields of a rune', members(rune, 'Rune')),
    section('What `start(ctx)` is given', members(rune, 'RuneContext')),
    section('`ctx.files`: the system that is about to start', members(rootFiles, 'RootFiles')),
    section('`ctx.facts`: what is known of the machine', members(facts, 'Facts')),
    section('`facts.bootNic` and each of `facts.nics`', members(facts, 'NicFacts')),
  ];
}

function members(source: string, name: string): string {
  const rows = interfaceMembers(source, name).map((member) => [`\`${member.declaration}\``, member.description]);
  return table(['declaration', 'what it is'], rows);
}

function roleTable(): string {
  const rows = [...DEFAULT_ROLES].map(([role, entries]) => [
    role,
    entries.map(({ kind, name }) => MARKS[kind] + name).join(' '),
  ]);
  return table(['role', 'runes'], rows);
}

function runeTable(runes: readonly AnyRune[]): string {
  const names = (list: readonly AnyInterface[]) => list.map(({ name }) => name).join(', ');
  const rows = runes.map(({ name, stage, summary = '', needs, offers, after = [] }) => {
    const order = [...(needs.length > 0 ? [`needs ${names(needs)}`] : []), ...after.map((other) => `after ${other}`)];
    return [name, stage, summary, [...order, ...(offers.length > 0 ? [`offers ${names(offers)}`] : [])].join('; ')];
  });
  return table(['rune', 'stage', 'what it does', 'order'], rows);
}

function settingsTable({ name, settings }: AnyRune): string {
  const rows = propertiesOf(jsonSchemaOf(settings)).map((property) => [
    `\`${property.name}\``,
    `\`${property.type}\``,
    property.default === undefined
      ? property.isRequired
        ? 'must be given'
        : ''
      : `\`${JSON.stringify(property.default)}\``,
    property.description,
  ]);
  return section(`Settings of ${name}`, table(['setting', 'type', 'default', 'what it does'], rows), '####');
}

function interfaceTable({ name, version, reach, calls, events }: AnyInterface): string {
  const callRows = Object.entries(calls as Record<string, CallShape>).map(([call, { request, reply }]) => {
    const [asked, answer] = [jsonSchemaOf(request), jsonSchemaOf(reply)];
    return [code(call), code(typeText(asked)), code(typeText(answer)), asked.description ?? ''];
  });
  const eventRows = Object.entries(events as Record<string, CallShape['request']>).map(([event, schema]) => {
    const data = jsonSchemaOf(schema);
    return [`event \`${event}\``, code(typeText(data)), '', data.description ?? ''];
  });
  return section(
    `${name}, version ${version}${reach ? ', to the whole room' : ''}`,
    table(['call', 'request', 'reply', 'what it does'], [...callRows, ...eventRows]),
    '####',
  );
}

function isInterface(value: unknown): value is AnyInterface {
  return typeof value === 'object' && value !== null && 'calls' in value && 'events' in value;
}

function section(title: string, text: string, level = '###'): string {
  return `${level} ${title}\n\n${text.trimEnd()}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |\n`;
  return [head, head.map(() => '---'), ...rows].map(line).join('');
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A bar ends a cell, also inside of code. */
function escapeCell(text: string): string {
  return text.replace(/(?<!\\)\|/g, '\\|');
}
