// /proc/PID/smaps (proc(5)): which parts of a process's memory are files, and which of those were never written to. Pure.

export interface FileMapping {
  readonly start: bigint;
  readonly lengthBytes: bigint;
  readonly path: string;
  /** No page of it is this process's own: all can be given back, and read from the file again. */
  readonly isClean: boolean;
}

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+\s+(\/.*)$/;

/** The mappings that have a file behind them: program text and constants, which the kernel may drop and must then read again. */
export function parseFileMappings(smaps: string): FileMapping[] {
  const sections = smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  return sections.flatMap((section) => {
    const match = HEAD.exec(section.split('\n', 1)[0] ?? '');
    if (!match) return [];
    const start = BigInt(`0x${match[1]}`);
    const isClean = /^Anonymous: +0 kB$/m.test(section);
    return [{ start, lengthBytes: BigInt(`0x${match[2]}`) - start, path: match[3]!, isClean }];
  });
}
