import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { MachineStatus } from '../room-status.ts';
import { LiveView, liveLine } from './live-view.ts';

const MACHINE: MachineStatus = {
  name: 'first',
  firmware: 'bios',
  nic: 'e1000',
  medium: 'usb',
  memoryMiB: 1024,
  power: 'on',
  seconds: 30.2,
  phases: [
    { name: 'firmware', seconds: 0.2 },
    { name: 'kernel', seconds: 3.1 },
    { name: 'root', seconds: 9.4 },
  ],
  serialLog: '/logs/first',
};

function output(isTTY: boolean) {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 60 }) as unknown as NodeJS.WriteStream, text: () => text };
}

test('a machine on one line: milestones, where it stands, what it does', () => {
  expect(liveLine(MACHINE, 'comparing')).toBe('first      30 s  kernel 3 · root 9 · comparing');
  expect(liveLine({ ...MACHINE, power: 'power cut' }, 'comparing')).toContain('root 9 · power cut');
});

test('without a terminal: plain lines, each phase once', () => {
  const { stream, text } = output(false);
  const view = new LiveView(stream, () => [MACHINE]);
  view.step('a step');
  view.stop();
  view.stop();
  expect(text()).not.toContain('\x1b');
  expect(text().match(/kernel at 3\.1 s/g)).toHaveLength(1);
  expect(text()).toMatch(/== a step\n/);
});

test('on a terminal the machines are drawn again in place, cut to its width', () => {
  const { stream, text } = output(true);
  const view = new LiveView(stream, () => [MACHINE]);
  view.step('x'.repeat(100));
  view.note('news');
  expect(text()).toContain('\x1b[2A\x1b[J');
  const drawn = text()
    .split('\n')
    .filter((line) => line.startsWith('──') || line.startsWith('first'));
  expect(drawn.every((line) => line.length < 60)).toBe(true);
});
