// fstab(5) as text: its entries, the lines of other machines' disks, and the lines that Viver adds for this one. Pure.

/** As Debian's live systems have it; systemd-remount-fs then remounts / with `rw`, which overlayfs takes. */
const ROOT_LINE = 'overlay / overlay rw 0 0';
const HEAD =
  '# /etc/fstab as Viver leaves it at every start: the image is the same on all machines, their disks are not.';
const FOREIGN = '# not on this machine (viver): ';
const REPLACED = '# another one takes its place (viver): ';
const OWN = '# written by Viver for this machine:';

export interface FstabEntry {
  readonly source: string;
  /** `none` for swap. */
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** The text without the disks of the machine that the image was made from, and the mount points (or `swap`) that are left out. */
export function rewriteFstab(text: string): { text: string; left: string[] } {
  const left: string[] = [];
  const kept: string[] = [];
  for (const line of withoutOwn(text).split('\n')) {
    const entry = parseEntry(line);
    if (line.trim() === '' || line === HEAD || line === ROOT_LINE) continue;
    if (!entry || !isForeignDisk(entry)) {
      kept.push(line);
      continue;
    }
    left.push(entry.type === 'swap' ? 'swap' : entry.target);
    kept.push(FOREIGN + line.trim());
  }
  return { text: `${[HEAD, ROOT_LINE, ...kept].join('\n')}\n`, left };
}

/** The text with `entries` of our own at its end; lines that the image has for the same places become comments. */
export function addEntries(text: string, entries: readonly FstabEntry[]): string {
  if (entries.length === 0) return text;
  const places = new Set(entries.map(({ target }) => target).filter((target) => target !== 'none'));
  const lines = text.replace(/\n$/, '').split('\n');
  const kept = lines.map((line) => (places.has(parseEntry(line)?.target ?? '') ? REPLACED + line.trim() : line));
  const heading = lines.includes(OWN) ? [] : [OWN];
  return `${[...kept, ...heading, ...entries.map(formatEntry)].join('\n')}\n`;
}

/** undefined for comments and for what is no entry. */
export function parseEntry(line: string): FstabEntry | undefined {
  if (line.trim().startsWith('#')) return undefined;
  const [source, target, type, options = 'defaults'] = line.trim().split(/[ \t]+/);
  return source && target && type ? { source, target, type, options: options.split(',') } : undefined;
}

/** Blanks and the like inside a field are octal escapes. fsck is left to who owns the disk. */
function formatEntry({ source, target, type, options }: FstabEntry): string {
  const field = (text: string) =>
    text.replace(/[\t-\r \\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `${field(source)} ${field(target)} ${type} ${field(options.join(','))} 0 0`;
}

/** What an earlier run wrote for this machine. */
function withoutOwn(text: string): string {
  const at = text.split('\n').indexOf(OWN);
  return at < 0 ? text : text.split('\n').slice(0, at).join('\n');
}

/** The root whatever it is, swap files, and what lies on a block device and would be mounted at boot. Network and memory file systems stay. */
function isForeignDisk({ source, target, type, options }: FstabEntry): boolean {
  if (target === '/' || type === 'swap') return true;
  const isDisk = /^(UUID|LABEL|PARTUUID|PARTLABEL|ID)=|^\/dev\//.test(source);
  return isDisk && !options.includes('noauto');
}
