// An administrator's scripts, in any language: RUNES/hooks/configure and RUNES/hooks/serve of the image and of the medium. Those of the image stay where
// they are; those of the medium, which may be FAT, without owners or rights, are carried as text.

import type { RootFiles } from '../contract/root-files.ts';
import { STAGES, type Stage } from '../contract/rune.ts';

export interface HookFile {
  readonly stage: Stage;
  /** `10-printers`; a hook of the medium takes the place of the image's of the same name. */
  readonly name: string;
  /** For messages: `image:/etc/RUNES/hooks/configure/10-printers`. */
  readonly origin: string;
  /** Of the medium only. */
  readonly text?: string;
}

/** Two digits give the order, as run-parts(8) has it; what an editor left behind has none of these names. */
const NAME = /^\d\d-[A-Za-z0-9][A-Za-z0-9_-]{0,60}(\.(sh|py|pl|rb|js|lua))?$/;
/** A script that a person writes; what is longer is a program and belongs into the image. */
export const MAX_HOOK_BYTES = 64 * 1024;
/** Of one stage and one folder. */
export const MAX_HOOKS = 64;

export interface FoundHooks {
  readonly hooks: readonly HookFile[];
  /** Files that are no hooks, and why. */
  readonly faults: readonly string[];
}

/** @param origin `image` or `medium`; of `image` the names are enough, the files are run where they are. */
export async function readHooks(files: RootFiles, origin: string, directory: string): Promise<FoundHooks> {
  const stages = await Promise.all(STAGES.map((stage) => readStage(files, origin, directory, stage)));
  return { hooks: stages.flatMap(({ hooks }) => hooks), faults: stages.flatMap(({ faults }) => faults) };
}

async function readStage(files: RootFiles, origin: string, directory: string, stage: Stage): Promise<FoundHooks> {
  const folder = `${directory}/hooks/${stage}`;
  const all = await files.list(folder);
  const names = all.filter((name) => NAME.test(name)).slice(0, MAX_HOOKS);
  const faults = all
    .filter((name) => !names.includes(name))
    .map((name) => `${origin}:${folder}/${name} ${faultOf(name)}`);
  const read = async (name: string): Promise<HookFile> => {
    const hook = { stage, name, origin: `${origin}:${folder}/${name}` };
    return origin === 'image'
      ? hook
      : { ...hook, text: withUnixLines((await files.readText(`${folder}/${name}`)) ?? '') };
  };
  const hooks = await Promise.all(names.map(read));
  const large = hooks.filter(({ text = '' }) => text.length > MAX_HOOK_BYTES);
  return {
    hooks: hooks.filter((hook) => !large.includes(hook)),
    faults: [...faults, ...large.map((hook) => `${hook.origin} has more than ${MAX_HOOK_BYTES} bytes and is not run`)],
  };
}

function faultOf(name: string): string {
  return NAME.test(name)
    ? `is more than ${MAX_HOOKS} and is not run`
    : 'is not run: a hook is named like 10-printers or 20-names.py';
}

/** Editors of Windows end lines with CR LF, and no interpreter is called `sh\r`. */
function withUnixLines(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** The hooks of one stage in their order, later folders winning; an empty hook of the medium switches one of the image off. */
export function hooksOf(folders: readonly { readonly hooks?: FoundHooks }[], stage: Stage): readonly HookFile[] {
  const byName = new Map<string, HookFile>();
  for (const { hooks } of folders) {
    for (const hook of hooks?.hooks ?? []) if (hook.stage === stage) byName.set(hook.name, hook);
  }
  return [...byName.values()].filter(({ text }) => text?.trim() !== '').sort((a, b) => (a.name < b.name ? -1 : 1));
}
