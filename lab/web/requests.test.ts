import { expect, test } from 'vitest';
import { formatTable, parseRequests, tabulate, unexplainedFailures } from './requests.ts';

const log = `100 200 0.004 web-1
100 200 0.003 web-2
102 200 0.004 web-1
104 503 0.001
112 000 10.001
113 200 0.004 web-2
113 20`;

test('lines of the client are read, half a line is not', () => {
  const requests = parseRequests(log);
  expect(requests.length).toBe(6);
  expect(requests[0]).toEqual({ second: 100, status: 200, tookSeconds: 0.004, machine: 'web-1' });
  expect(requests[4]).toEqual({ second: 112, status: 0, tookSeconds: 10.001, machine: '' });
});

test('the table counts by machine and step, with what happened when', () => {
  const table = tabulate(parseRequests(log), 5);
  expect(formatTable(table, [{ second: 103, what: 'web-1 off' }])).toBe(
    [
      'second  web-1  web-2  failed',
      '     0      2      1       1  web-1 off',
      '     5      0      0       0',
      '    10      0      1       1',
      '   all      2      2       2',
      '',
    ].join('\n'),
  );
  expect(formatTable(tabulate([], 5), [])).toContain('all');
});

test('only the request in flight at a cut is explained by it', () => {
  const requests = parseRequests(log);
  const cut = (second: number) => ({ machine: 'web-1', second });
  const failed = (cuts: number[]) => unexplainedFailures([requests], cuts.map(cut)).map(({ second }) => second);
  expect(failed([])).toEqual([104, 112]);
  expect(failed([104])).toEqual([112]);
  expect(failed([103])).toEqual([112]);
  expect(failed([108])).toEqual([104]);
  expect(failed([104, 104])).toEqual([]);
  expect(failed([90])).toEqual([104, 112]);
});
