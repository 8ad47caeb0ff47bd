// Rune files without their types, made by a process that is gone afterwards (strip-types.process.ts).

import { startConfined } from '../../sys/confined-process.ts';
import { HEAP_MEBIBYTES } from './foreign-messages.ts';
import { FramePort } from './frame-port.ts';
import { MessageLink } from './message-link.ts';
import type { RuneFile } from './options.ts';

const PROGRAM = new URL('./strip-types.process.ts', import.meta.url);

function isTypeScript({ path }: RuneFile): boolean {
  return /\.m?ts$/.test(path);
}

/**
 * The files, those in TypeScript as JavaScript with the same lines. One whose types can't be taken out stays as it is, and so do all when the process fails.
 * @param limitMs For each file.
 */
export async function withoutTypes(files: readonly RuneFile[], limitMs: number): Promise<RuneFile[]> {
  if (!files.some(isTypeScript)) return [...files];
  const child = startConfined(PROGRAM, [], HEAP_MEBIBYTES);
  const link = new MessageLink(new FramePort(child.pipe, () => child.kill()), { ask: {}, tell: {} });
  for (const output of [child.stdout, child.stderr]) output.resume();
  void child.ended.then(() => link.close('the process that takes types out has ended'));
  try {
    const result: RuneFile[] = [];
    for (const file of files) result.push(isTypeScript(file) ? await stripped(file, link, limitMs) : file);
    return result;
  } finally {
    child.kill();
  }
}

async function stripped(file: RuneFile, link: MessageLink, limitMs: number): Promise<RuneFile> {
  const text = await link.ask('strip', file.text, limitMs).catch(() => undefined);
  return typeof text === 'string' ? { ...file, text, isJavaScript: true } : file;
}
