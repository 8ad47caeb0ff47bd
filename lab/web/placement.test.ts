import { expect, test } from 'vitest';
import { readChoice, readPlacement, unitOf } from './placement.ts';

test('the load balancer says who is where', () => {
  const log = `viver: load-balancer: web-1 (10.86.0.7) joins unit red, which has 1 now
viver: load-balancer: web-2 (10.86.0.8) joins unit red, which has 2 now
viver: load-balancer: web-2 (10.86.0.8) changes its unit: unit red has 1
viver: load-balancer: web-2 (10.86.0.8) joins unit blue, which has 1 now
viver: load-balancer: web-3 (10.86.0.9) joins unit red, which has 2 now
viver: load-balancer: haproxy: noise
viver: load-balancer: web-1 (10.86.0.7) leaves: unit red has 1
`;
  const placement = readPlacement(log);
  expect([...placement]).toEqual([
    ['red', ['web-3']],
    ['blue', ['web-2']],
  ]);
  expect(unitOf(placement, 'web-2')).toBe('blue');
  expect(unitOf(placement, 'web-1')).toBeUndefined();
  expect(readPlacement(`${log}load-balancer: web-3 (10.86.0.9) is lost: unit red has 0\n`).get('red')).toEqual([]);
});

test('a web server says what it was told and where it went', () => {
  const log = `x web-server: units of balancer: red 0.71 of 1, blue unserved of 0
x web-server: joined unit blue of balancer
`;
  expect(readChoice(log)).toEqual({
    loads: new Map([
      ['red', 0.71],
      ['blue', Number.POSITIVE_INFINITY],
    ]),
    joined: 'blue',
  });
  expect(readChoice('nothing')).toBeUndefined();
});
