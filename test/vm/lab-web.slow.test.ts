// The web farm, for real, as `viver-kit lab web --quick` runs it. Needs QEMU and root, as the demonstration does.

import { expect, test } from 'vitest';
import { runWebFarm } from '../../lab/web/run.ts';

const LIMIT_MS = 40 * 60_000;

test('web servers join the busiest unit and leave it, and no request fails but those in flight at a cut', {
  timeout: LIMIT_MS,
}, async () => {
  const { ok, checks, table } = await runWebFarm({ quick: true });
  expect(checks.filter((check) => !check.ok)).toEqual([]);
  for (const name of ['web-1', 'web-2', 'web-3', 'web-4']) expect(table).toContain(name);
  expect(ok).toBe(true);
});
