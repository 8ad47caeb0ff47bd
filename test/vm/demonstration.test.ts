// The room, once, for real: the quick demonstration, as `viver-kit lab demo --quick` runs it. Makes the Debian system and the stick when
// they are missing, which needs root (or sudo without a question).

import { expect, test } from 'vitest';
import { runDemonstration } from '../../lab/demonstration/run.ts';

const LIMIT_MS = 25 * 60_000;

test('a diskless PC starts from the stick of another one, and lives on without it', { timeout: LIMIT_MS }, async () => {
  const report = await runDemonstration({ quick: true });
  expect(report.checks.filter((check) => !check.ok)).toEqual([]);
  expect(report.nodes.map((node) => node.name)).toEqual(['first', 'node-2']);
  expect(report.ok).toBe(true);
});
