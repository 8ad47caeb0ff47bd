// Reads that a node does while others come and go: which files, the script that reads them in the guest, and what its answer means. Pure.

/** A line of `sha256sum`: hash, two characters, name. */
export interface ListedFile {
  readonly hash: string;
  readonly path: string;
}

export interface ReadTally {
  readonly tried: number;
  /** Read to the end, and other bytes than the tree's. */
  readonly wrong: number;
  /** Not read: an error, or no answer. */
  readonly failed: number;
  /** Seconds that the longest of them took, the start of `sha256sum` included, which lies on the same root. */
  readonly longestSeconds: number;
  /** What was wrong, for a person. */
  readonly problems: readonly string[];
}

export const NO_READS: ReadTally = { tried: 0, wrong: 0, failed: 0, longestSeconds: 0, problems: [] };

/** Problems kept of a node: the first ones tell the cause. */
const KEPT_PROBLEMS = 5;

/**
 * Reads the files whose paths stand on standard input, one a line, and says for each: uptime before, uptime after, hash and path, or the error. Nothing that was
 * read before is in memory, so that the blocks come from the field. Uptime has hundredths of a second (proc_uptime(5)), and `read` needs no program for it.
 */
export const READ_SCRIPT = [
  'cd /run/viver/image || exit 1',
  'echo 3 >/proc/sys/vm/drop_caches',
  'while read -r path; do',
  '  read -r before rest </proc/uptime',
  '  said=$(sha256sum -- "$path" 2>&1)',
  '  read -r after rest </proc/uptime',
  '  echo "$before $after $said"',
  'done',
].join('\n');

/** The files of a manifest. Names with a backslash or a line's end, which `sha256sum` escapes, and with blanks at an end, which `read` takes away, are left out. */
export function listFiles(manifest: string): ListedFile[] {
  return manifest.split('\n').flatMap((line) => {
    const [, hash, path] = /^([0-9a-f]{64}) [ *]((?=\S).*\S)$/.exec(line) ?? [];
    return hash && path ? [{ hash, path }] : [];
  });
}

/** `count` of the files, by chance, each once. @param random From 0 to less than 1. */
export function chooseFiles(files: readonly ListedFile[], count: number, random: () => number): ListedFile[] {
  const left = [...files];
  const chosen: ListedFile[] = [];
  while (chosen.length < count && left.length > 0) {
    const at = Math.floor(random() * left.length);
    chosen.push(left[at]!);
    left[at] = left.at(-1)!;
    left.pop();
  }
  return chosen;
}

/** What READ_SCRIPT said of `files`. What it did not speak of has failed. */
export function judgeReads(files: readonly ListedFile[], stdout: string): ReadTally {
  const lines = stdout.split('\n');
  return files.map((file, index) => judgeRead(file, lines[index] ?? '')).reduce(addTallies, NO_READS);
}

/** All of them have failed, for this reason. */
export function failedReads(files: readonly ListedFile[], reason: string): ReadTally {
  return { ...NO_READS, tried: files.length, failed: files.length, problems: [reason] };
}

export function addTallies(a: ReadTally, b: ReadTally): ReadTally {
  return {
    tried: a.tried + b.tried,
    wrong: a.wrong + b.wrong,
    failed: a.failed + b.failed,
    longestSeconds: Math.max(a.longestSeconds, b.longestSeconds),
    problems: [...a.problems, ...b.problems].slice(0, KEPT_PROBLEMS),
  };
}

function judgeRead({ hash, path }: ListedFile, line: string): ReadTally {
  const [, before, after, said] = /^([\d.]+) ([\d.]+) (.*)$/.exec(line) ?? [];
  const took = { ...NO_READS, tried: 1, longestSeconds: before && after ? Number(after) - Number(before) : 0 };
  const found = /^([0-9a-f]{64}) [ *](.*)$/.exec(said ?? '');
  if (!found || found[2] !== path) return { ...took, failed: 1, problems: [`${path}: ${said || 'no answer'}`] };
  return found[1] === hash ? took : { ...took, wrong: 1, problems: [`${path}: other bytes`] };
}
