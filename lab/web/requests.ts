// Requests of a client that asks all the time, as curl writes them down, and what they say of a room of web servers: who answered how many in each
// step of time, and which failed. Pure.

/** One request, as it ended. */
export interface RequestEnd {
  /** Seconds since 1970, by the client's clock. */
  readonly second: number;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly tookSeconds: number;
  /** Who answered; empty when nobody did. */
  readonly machine: string;
}

/** A machine that lost its power while it was asked, at this second of the client's clock. */
export interface PowerCut {
  readonly machine: string;
  readonly second: number;
}

/** How long after a cut a request that was in flight may fail, in seconds: the client's own patience. */
export const PATIENCE_SECONDS = 15;

/**
 * The client: requests in a row, a connection each, at most `perSecond`; a line for each as soon as it ended. Needs bash, curl 7.84 and stdbuf.
 * @param url Without a query.
 */
export function clientScript(url: string, perSecond: number, logFile: string): string {
  const format = '%{http_code} %{time_total} %header{x-machine}\\n';
  const curl = [
    ...[
      'stdbuf',
      '-oL',
      'curl',
      '--silent',
      '--no-keepalive',
      '--header',
      "'Connection: close'",
      '--output',
      '/dev/null',
    ],
    ...[
      '--max-time',
      `${PATIENCE_SECONDS}`,
      '--rate',
      `${perSecond}/s`,
      '--write-out',
      `'${format}'`,
      `'${url}?[1-1000000]'`,
    ],
  ];
  // The shell becomes curl, so that whoever ends it ends the client.
  return `exec ${curl.join(' ')} > >(while read -r line; do printf '%(%s)T %s\\n' -1 "$line"; done >${logFile})`;
}

/** Lines of clientScript(); a last one that is not ended is left out. */
export function parseRequests(text: string): RequestEnd[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => {
    const [second = '', status = '', took = '', machine = ''] = line.split(' ');
    return { second: Number(second), status: Number(status), tookSeconds: Number(took), machine };
  });
}

/** Whether it was answered by a web server. */
export function isAnswered({ status, machine }: RequestEnd): boolean {
  return status === 200 && machine !== '';
}

/** Failures that no power cut explains: each client has one request in flight, which may fail on the machine that is cut, once. */
export function unexplainedFailures(
  clients: readonly (readonly RequestEnd[])[],
  cuts: readonly PowerCut[],
): RequestEnd[] {
  return clients.flatMap((requests) => {
    const open = [...cuts];
    return requests.filter((request) => {
      if (isAnswered(request)) return false;
      const began = request.second - request.tookSeconds;
      const cut = open.findIndex(({ second }) => began <= second + 1 && request.second >= second);
      if (cut >= 0) open.splice(cut, 1);
      return cut < 0;
    });
  });
}

export interface RequestTable {
  readonly stepSeconds: number;
  /** The first second of the table. */
  readonly begin: number;
  /** Machine -> requests answered in each step. */
  readonly answered: ReadonlyMap<string, readonly number[]>;
  readonly failed: readonly number[];
}

/** Counts by machine and step of time, for all clients together. */
export function tabulate(requests: readonly RequestEnd[], stepSeconds: number): RequestTable {
  const seconds = requests.map(({ second }) => second);
  const begin = Math.min(...seconds);
  const steps = requests.length === 0 ? 0 : Math.floor((Math.max(...seconds) - begin) / stepSeconds) + 1;
  const row = () => Array.from({ length: steps }, () => 0);
  const answered = new Map<string, number[]>();
  const failed = row();
  for (const request of requests) {
    if (isAnswered(request) && !answered.has(request.machine)) answered.set(request.machine, row());
    const counts = isAnswered(request) ? answered.get(request.machine) : failed;
    const step = Math.floor((request.second - begin) / stepSeconds);
    if (counts) counts[step] = (counts[step] ?? 0) + 1;
  }
  return { stepSeconds, begin, answered, failed };
}

/** @param events What happened at which second of the client's clock. */
export function formatTable(table: RequestTable, events: readonly { second: number; what: string }[]): string {
  const machines = [...table.answered.keys()].sort();
  const head = ['second', ...machines, 'failed', ''];
  const rows = table.failed.map((failed, step) => {
    const from = table.begin + step * table.stepSeconds;
    const happened = events.filter(({ second }) => second >= from && second < from + table.stepSeconds);
    const counts = machines.map((machine) => `${table.answered.get(machine)?.[step] ?? 0}`);
    return [`${step * table.stepSeconds}`, ...counts, `${failed}`, happened.map(({ what }) => what).join('; ')];
  });
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const totals = machines.map((machine) => `${sum(table.answered.get(machine) ?? [])}`);
  const all = [head, ...rows, ['all', ...totals, `${sum(table.failed)}`, '']];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const last = head.length - 1;
  const format = (row: readonly string[]) =>
    row.map((cell, column) => (column === last ? cell : cell.padStart(widths[column] ?? 0))).join('  ');
  return `${all.map((row) => format(row).trimEnd()).join('\n')}\n`;
}
