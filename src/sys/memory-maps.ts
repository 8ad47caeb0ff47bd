// /proc/PID/maps (proc(5)): which parts of a process's memory are files. Pure.

export interface FileMapping {
  readonly start: bigint;
  readonly lengthBytes: bigint;
  readonly path: string;
  /** Program text: never written to, so its pages can be given back and read again at any time. */
  readonly isText: boolean;
}

/** The mappings that have a file behind them: program text and constants, which the kernel may drop and must then read again. */
export function parseFileMappings(maps: string): FileMapping[] {
  return maps.split('\n').flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s+(\/.*)$/.exec(line);
    if (!match) return [];
    const start = BigInt(`0x${match[1]}`);
    return [{ start, lengthBytes: BigInt(`0x${match[2]}`) - start, path: match[4]!, isText: match[3] === 'r-xp' }];
  });
}
