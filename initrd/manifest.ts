// /viver/manifest.json: the contract between the build and the program that boots. The build writes it, the program refuses an initrd
// that does not fit the kernel or itself. Pure; no time of building, so that the same input gives the same initrd.

import { ViverError } from '../src/errors.ts';

export const MANIFEST_VERSION = 1;

export interface Manifest {
  readonly version: typeof MANIFEST_VERSION;
  /** `uname -r` of the kernel whose modules are inside. */
  readonly kernelRelease: string;
  /** Of package.json. */
  readonly programVersion: string;
  /** Of the Node inside, without the v. */
  readonly nodeVersion: string;
}

/** Written by the build, one key per line for a person who looks. */
export function encodeManifest(manifest: Manifest): string {
  const { version, kernelRelease, programVersion, nodeVersion } = manifest;
  return `${JSON.stringify({ version, kernelRelease, programVersion, nodeVersion }, null, 2)}\n`;
}

/** @throws ViverError INITRD_BAD_MANIFEST when the text is no manifest of this version. */
export function decodeManifest(text: string): Manifest {
  const found = parse(text);
  if (found.version !== MANIFEST_VERSION) throw bad(`version ${found.version} instead of ${MANIFEST_VERSION}`);
  for (const key of ['kernelRelease', 'programVersion', 'nodeVersion'] as const) {
    if (typeof found[key] !== 'string' || found[key] === '') throw bad(`no ${key}`);
  }
  return found as unknown as Manifest;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw bad('no JSON object');
}

function bad(why: string): ViverError {
  return new ViverError('INITRD_BAD_MANIFEST', `the initrd's manifest: ${why}`);
}
