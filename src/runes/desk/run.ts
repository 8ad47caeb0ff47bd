// `viver runes run`: a role, or single rune files, at work on a tree without a machine. Files are changed in memory; on the disk only where it is asked for.

import { mkdir, readFile } from 'node:fs/promises';
import { errorLine, ViverError } from '../../errors.ts';
import { createLog, type LogLevel } from '../../log.ts';
import type { Sys } from '../../sys/sys.ts';
import type { Facts } from '../contract/facts.ts';
import { STAGES, type Stage } from '../contract/rune.ts';
import { createDirectoryFiles, createDirectoryLayer } from '../files/directory-files.ts';
import { applyChanges, MemoryFiles } from '../files/memory-files.ts';
import { createDeskHookService } from '../hooks/hook-service.ts';
import type { CallRecord } from '../host/options.ts';
import { type RunningRunes, startRuneHost } from '../host/start.ts';
import { type RuneFolder, runeNameOf } from '../roles/rune-folder.ts';
import { assertDirectory, type DeskPlaces, readDeskFolders } from '../survey/desk-folders.ts';
import { changedFacts, deskFacts, formatFacts } from './desk-facts.ts';
import { showChanges } from './show-changes.ts';
import { TestRoom } from './test-room.ts';

/** The role that single rune files run in. */
const DESK_ROLE = 'desk';

export interface RunOptions extends DeskPlaces {
  readonly root: string;
  readonly stage: Stage;
  readonly facts?: string;
  readonly fact: readonly string[];
  /** The changed files are written below this directory, too. */
  readonly output?: string;
  /** The tree itself is changed. */
  readonly inPlace?: boolean;
  readonly debug?: boolean;
}

/** How a run reaches its caller. */
export interface RunContext {
  readonly sys: Sys;
  say(text: string): void;
  /** Stage `serve`: runs until then. */
  untilEnded(): Promise<void>;
}

/**
 * Runs what `words` name: one role, and rune files (names with `/` or an ending).
 * @returns true when every rune did its work.
 * @throws ViverError RUNES_NO_DIRECTORY, RUNES_BAD_FACT, RUNES_RUN_WHAT
 */
export async function runOnDesk(words: readonly string[], options: RunOptions, context: RunContext): Promise<boolean> {
  await assertDirectory(options.root);
  const { role, folders } = await whatToRun(words, options);
  const fileText = options.facts === undefined ? undefined : await readFile(options.facts, 'utf8');
  const facts = changedFacts(deskFacts(role), fileText, options.fact);
  context.say(`facts (made up; change them by --fact NAME=VALUE)\n${formatFacts(facts)}\n`);
  context.say(`role ${role}, stage ${options.stage}\n`);
  const files = new MemoryFiles(createDirectoryLayer(options.root.replace(/\/+$/, '')));
  const runes = await start(role, facts, folders, files, options, context);
  const { started, setAside, faults } = runes.report;
  if (started.length + setAside.length + faults.length === 0) context.say(`  ${nothingIn(options.stage)}\n`);
  if (options.stage === 'serve' && started.length > 0) await context.untilEnded();
  await runes.stop();
  await handChangesOver(files, options, context);
  return setAside.length === 0 && faults.length === 0;
}

function nothingIn(stage: Stage): string {
  const [other] = STAGES.filter((name) => name !== stage);
  return `nothing of it is of this stage; --stage ${other} runs the other`;
}

async function whatToRun(
  words: readonly string[],
  places: DeskPlaces,
): Promise<{ role: string; folders: RuneFolder[] }> {
  const files = words.filter((word) => word.includes('/') || runeNameOf(`./${word}`) !== undefined);
  const roles = words.filter((word) => !files.includes(word));
  const [role = DESK_ROLE] = roles;
  if (words.length === 0 || roles.length > 1)
    throw new ViverError('RUNES_RUN_WHAT', 'name one role, or rune files, or both');
  const folders = await readDeskFolders(places);
  const runes = await Promise.all(files.map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
  const names = runes.map(({ path }) => runeNameOf(`./${path}`) ?? path);
  const table = `${role}: ${roles.length > 0 ? `@${role} ` : ''}${names.join(' ')}\n`;
  return { role, folders: files.length === 0 ? folders : [...folders, { roles: { path: 'run', text: table }, runes }] };
}

function start(
  role: string,
  facts: Facts,
  folders: readonly RuneFolder[],
  files: MemoryFiles,
  { stage, debug }: RunOptions,
  { say }: RunContext,
): Promise<RunningRunes> {
  const log = createLog((level, area, message) => say(formatLine(level, area, message)), '', debug ? 'debug' : 'info');
  return startRuneHost({
    role,
    stage,
    facts,
    folders,
    log,
    inWorker: false,
    ...(stage === 'configure'
      ? { files, services: { hooks: createDeskHookService(folders, log.child('hooks')) } }
      : new TestRoom().machine('desk')),
    ...(debug ? { onCall: (record) => say(formatCall(record)) } : {}),
  });
}

function formatLine(level: LogLevel, area: string, message: string): string {
  const weight = level === 'info' ? '' : `${level}: `;
  return `  ${area === '' ? '' : `${area}: `}${weight}${message}\n`;
}

function formatCall({ from, to, call, request, reply }: CallRecord): string {
  return `  ${from} asks ${call} of ${to}: ${JSON.stringify(request)} -> ${JSON.stringify(reply)}\n`;
}

async function handChangesOver(files: MemoryFiles, options: RunOptions, { sys, say }: RunContext): Promise<void> {
  const changes = await files.changes();
  if (options.stage === 'configure') say(changes.length === 0 ? '\nno file is changed\n' : '\n');
  say(await showChanges(changes, sys));
  for (const place of [options.output, options.inPlace ? options.root : undefined]) {
    if (place === undefined || changes.length === 0) continue;
    try {
      await mkdir(place, { recursive: true });
      await applyChanges(changes, createDirectoryFiles(place.replace(/\/+$/, '')));
    } catch (cause) {
      throw new ViverError('RUNES_FILE_FAILED', `the changes can't be written to ${place}: ${errorLine(cause)}`, {
        cause,
      });
    }
    say(`${changes.length} changes written to ${place}\n`);
  }
}
