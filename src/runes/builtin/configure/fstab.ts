// Rune fstab: the disks of the machine that the image was made from are not there, or are not ours to touch; systemd would wait 90 s for each
// and then stop at an emergency shell. Their lines become comments; the root is the union that is mounted already. fstab(5).

import { defineRune } from '../../contract/rune.ts';

/** As Debian's live systems have it; systemd-remount-fs then remounts / with `rw`, which overlayfs takes. */
const ROOT_LINE = 'overlay / overlay rw 0 0';
const MARK = '# not on this machine (viver): ';
const HEAD =
  '# /etc/fstab as Viver leaves it at every start: the image is the same on all machines, their disks are not.';

export const fstab = defineRune({
  name: 'fstab',
  version: 1,
  stage: 'configure',
  summary: 'an fstab without the disks of the machine that the image was made from',
  offers: [],
  needs: [],
  async start({ files, log }) {
    const { text, left } = rewriteFstab((await files.readText('/etc/fstab')) ?? '');
    await files.writeText('/etc/fstab', text);
    log.info(left.length > 0 ? `fstab: left out ${left.join(', ')}` : 'fstab: nothing of other disks in it');
  },
});

/** The new text, and the mount points (or `swap`) that are left out. */
export function rewriteFstab(text: string): { text: string; left: string[] } {
  const left: string[] = [];
  const kept: string[] = [];
  for (const line of text.split('\n')) {
    const entry = parseEntry(line);
    if (line.trim() === '' || line === HEAD || line === ROOT_LINE) continue;
    if (!entry || !isForeignDisk(entry)) {
      kept.push(line);
      continue;
    }
    left.push(entry.type === 'swap' ? 'swap' : entry.target);
    kept.push(MARK + line.trim());
  }
  return { text: `${[HEAD, ROOT_LINE, ...kept].join('\n')}\n`, left };
}

interface FstabEntry {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

function parseEntry(line: string): FstabEntry | undefined {
  if (line.trim().startsWith('#')) return undefined;
  const [source, target, type, options = 'defaults'] = line.trim().split(/\s+/);
  return source && target && type ? { source, target, type, options: options.split(',') } : undefined;
}

/** The root whatever it is, swap files, and what lies on a block device and would be mounted at boot. Network and memory file systems stay. */
function isForeignDisk({ source, target, type, options }: FstabEntry): boolean {
  if (target === '/' || type === 'swap') return true;
  const isDisk = /^(UUID|LABEL|PARTUUID|PARTLABEL|ID)=|^\/dev\//.test(source);
  return isDisk && !options.includes('noauto');
}
