// What the demonstration thinks of what a guest answered: text in, verdict out. Pure.

import { HARM_PATTERNS, KNOWN_NOISE } from './known-noise.ts';

export interface Verdict {
  readonly ok: boolean;
  readonly detail: string;
}

/** Names shown of a long list. */
const SHOWN = 3;

/**
 * The comparison of all files (COMPARE_SCRIPT): standard output holds the number of files and what differs.
 * @param expectedFiles Lines of the manifest.
 */
export function judgeComparison(status: number, stdout: string, expectedFiles: number): Verdict {
  const lines = stdout.split('\n').filter((line) => line !== '');
  const found = Number(/^files (\d+)$/.exec(lines[0] ?? '')?.[1] ?? Number.NaN);
  const different = lines.slice(1);
  if (status === 0 && different.length === 0 && found === expectedFiles) {
    return { ok: true, detail: `${found} files are the same` };
  }
  if (Number.isNaN(found)) return { ok: false, detail: `the comparison did not run (status ${status})` };
  const shown = different.slice(0, SHOWN).join('; ');
  return { ok: false, detail: `${found} files, ${expectedFiles} expected, ${different.length} differ: ${shown}` };
}

/** Files of a directory against a manifest by name and content; run with the manifest's path as $1. */
export const COMPARE_SCRIPT =
  'cd /run/viver/image && echo "files $(find . -xdev -type f | wc -l)" && sha256sum --quiet -c "$1"';

/** The journal's and the kernel log's lines of priority err and worse. */
export function judgeErrors(lines: readonly string[]): Verdict {
  const strange = lines.filter((line) => line.trim() !== '' && !KNOWN_NOISE.some(({ pattern }) => pattern.test(line)));
  if (strange.length === 0) return { ok: true, detail: 'no errors' };
  return { ok: false, detail: `${strange.length} lines: ${strange.slice(0, SHOWN).join('; ')}` };
}

/** The whole kernel log: nothing that speaks of a root file system in trouble. */
export function judgeKernelLog(lines: readonly string[]): Verdict {
  const harm = lines.filter((line) => HARM_PATTERNS.some((pattern) => pattern.test(line)));
  if (harm.length === 0) return { ok: true, detail: `${lines.length} lines, none of trouble` };
  return { ok: false, detail: harm.slice(0, SHOWN).join('; ') };
}

/** /proc/mounts: the root is an overlay, and the image below it comes over the network or from the machine's own medium. */
export function judgeRoot(mounts: string, source: 'field' | 'medium'): Verdict {
  const rows = mounts.split('\n').map((line) => line.split(' '));
  const root = rows.findLast((row) => row[1] === '/')?.[2] ?? 'nothing';
  const device = rows.find((row) => row[1] === '/run/viver/image')?.[0] ?? 'nothing';
  const isRight = source === 'field' ? device.startsWith('/dev/nbd') : /^\/dev\/(?!nbd)/.test(device);
  const ok = root === 'overlay' && isRight;
  return { ok, detail: `/ is ${root}, the image is on ${device}` };
}

/** @param meminfo /proc/meminfo @param heldBytes What the node keeps for the field. */
export function judgeMemory(meminfo: string, heldBytes: number, leastMiB: number): Verdict {
  const mebibytes = (name: string) => {
    const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1];
    return kibibytes === undefined ? Number.NaN : Math.round(Number(kibibytes) / 1024);
  };
  const available = mebibytes('MemAvailable');
  const held = Math.round(heldBytes / 2 ** 20);
  const sum = available + held;
  const detail = `${available} MiB available + ${held} MiB share = ${sum} MiB, ${leastMiB} wanted`;
  if (sum >= leastMiB) return { ok: true, detail };
  const takers = ['MemTotal', 'AnonPages', 'Shmem', 'Slab', 'Unevictable'];
  return { ok: false, detail: `${detail} (${takers.map((name) => `${name} ${mebibytes(name)}`).join(', ')})` };
}
