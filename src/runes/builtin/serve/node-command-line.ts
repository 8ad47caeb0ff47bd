// The kernel command line that machines get which boot over the network: the field's magnet in place of the image, and what this machine's own
// command line says that holds for the whole room. Pure. docs/cmdline.md has the parameters.

import { ViverError } from '../../../errors.ts';

/** COMMAND_LINE_SIZE of x86; the kernel cuts what is longer, in the middle of the magnet if need be. */
const MAX_COMMAND_LINE_CHARACTERS = 2048;
/** Left for what the loaders add: `initrd=NAME BOOTIF=01-...`. */
const LOADER_CHARACTERS = 64;

/** True for the first machine alone: where its image lies, what it is, how it got onto the network, that somebody looks into it. */
const OWN = new Set(['viver.image', 'viver.media', 'viver.role', 'viver.net', 'viver.shell']);
/** Beside `viver.*`: where the kernel speaks, how much, and what it does when it dies. */
const SHARED = new Set(['console', 'quiet', 'loglevel', 'printk.devkmsg', 'panic']);

/**
 * @param own This machine's /proc/cmdline.
 * @param extra Set by the administrator for all others.
 * @throws ViverError RUNES_LONG_COMMAND_LINE
 */
export function nodeCommandLine(own: string, magnet: string, extra = ''): string {
  const inherited = own.split(/\s+/).filter((word) => {
    const name = word.split('=', 1)[0] ?? '';
    return (name.startsWith('viver.') && !OWN.has(name)) || SHARED.has(name);
  });
  const line = [`viver.image=${magnet}`, ...inherited, ...extra.split(/\s+/).filter(Boolean)].join(' ');
  if (line.length > MAX_COMMAND_LINE_CHARACTERS - LOADER_CHARACTERS) {
    throw new ViverError(
      'RUNES_LONG_COMMAND_LINE',
      `the kernel command line for the others has ${line.length} characters`,
    );
  }
  return line;
}
