import { expect, test } from 'vitest';
import { parseFieldStatus } from './node-status.ts';
import { shareOption } from './plan.ts';
import { createReport, formatReport, type NodeReport } from './report.ts';

const NODE: NodeReport = {
  name: 'node-2',
  firmware: 'bios',
  nic: 'virtio',
  medium: 'none',
  phases: [{ name: 'multi-user', seconds: 41.26 }],
  bytesFrom: { local: 0, peers: { '10.0.0.1:6881': 3 * 2 ** 20, '10.0.0.9:6881': 2 ** 20 } },
};

test('one failed check fails the run, and so does having checked nothing', () => {
  const good = { name: 'a', ok: true, detail: '' };
  expect(createReport([NODE], [good, good]).ok).toBe(true);
  expect(createReport([NODE], [good, { ...good, ok: false }]).ok).toBe(false);
  expect(createReport([NODE], []).ok).toBe(false);
});

test('the table has a row for each start and a line for each check', () => {
  const lines = formatReport(createReport([NODE], [{ name: 'it boots', ok: false, detail: 'no' }])).split('\n');
  expect(lines[0]).toMatch(/^machine +firmware +nic +medium +kernel .*multi-user +local +from peers$/);
  expect(lines[1]).toMatch(/^node-2 +bios +virtio +none .* 41\.3 +0 MiB +4 MiB$/);
  expect(lines.at(-1)).toBe('FAIL it boots: no');
});

test("a node's own words are checked before they are believed", () => {
  expect(() => parseFieldStatus('nonsense')).toThrow('no JSON');
  expect(() => parseFieldStatus('{"field": {"held": "many"}}')).toThrow(/^viver status --json: field\./);
});

test('a share is given in whole MiB, rounded up', () => {
  expect(shareOption(0.6, 100 * 2 ** 20)).toBe('viver.share=60M');
  expect(shareOption(0.5, 3 * 2 ** 20)).toBe('viver.share=2M');
});
