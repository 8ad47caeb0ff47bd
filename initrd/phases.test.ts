import { expect, test } from 'vitest';
import { ViverError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';
import { Phases } from './phases.ts';

test('each phase is timed and said; one that fails names itself', async () => {
  const lines: string[] = [];
  let seconds = 1;
  const phases = new Phases(
    createLog((level, _area, message) => lines.push(`${level} ${message}`)),
    () => seconds++,
  );
  expect(
    await phases.run(
      'hardware',
      async () => 3,
      (count) => `${count} modules`,
    ),
  ).toBe(3);
  const failing = phases.run('image', async () => Promise.reject(new ViverError('X', 'no image')), String);
  await expect(failing).rejects.toMatchObject({ code: 'BOOT_PHASE_FAILED', message: 'phase image failed: no image' });
  expect(lines).toEqual(['info phase hardware: 3 modules']);
  expect(phases.times).toEqual([{ name: 'hardware', seconds: 1 }]);
});

test('the phases of the process before come first', () => {
  const phases = new Phases(
    createLog(() => {}),
    () => 9,
  );
  phases.done('take-over', 'done');
  phases.recall([{ name: 'serve', seconds: 5 }]);
  expect(phases.times).toEqual([
    { name: 'serve', seconds: 5 },
    { name: 'take-over', seconds: 9 },
  ]);
});
