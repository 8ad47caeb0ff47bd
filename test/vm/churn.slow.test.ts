// PCs come and go, for real: a short form of `viver-kit lab churn`. Three diskless PCs start together, one is killed each minute and replaced, the others read.
// Needs QEMU and root, as the demonstration does.

import { expect, test } from 'vitest';
import { runChurn } from '../../lab/churn/run.ts';

const LIMIT_MS = 40 * 60_000;
const KILLS = 3;

test('diskless PCs are killed and replaced one after the other, and none of the others loses its root', {
  timeout: LIMIT_MS,
}, async () => {
  const report = await runChurn({ nodes: 3, memoryMiB: 768, kills: KILLS, everySeconds: 60, share: 0.4, given: false });
  expect(report.checks.filter((check) => !check.ok)).toEqual([]);
  expect(report.starts.filter(({ killedSeconds }) => killedSeconds !== undefined)).toHaveLength(KILLS);
  expect(report.starts).toHaveLength(3 + KILLS);
  expect(report.reads).toMatchObject({ wrong: 0, failed: 0 });
  expect(report.ok).toBe(true);
});
