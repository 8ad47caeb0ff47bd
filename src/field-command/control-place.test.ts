import { expect, test } from 'vitest';
import { FakeSys } from '../sys/fake.ts';
import { controlSocketPath, findControlSockets } from './control-place.ts';

test.each([
  ['root', true, {}, '/run/viver/field-7'],
  ['a service', false, { RUNTIME_DIRECTORY: '/run/viver/debian:/run/other' }, '/run/viver/debian/field-7'],
  ['a user', false, { XDG_RUNTIME_DIR: '/run/user/1000' }, '/run/user/1000/viver/field-7'],
  ['a user without a session', false, {}, undefined],
])('%s answers in a place of its own', (_, isRoot, env, path) => {
  expect(controlSocketPath({ isRoot, env, processId: 7 })).toBe(path);
});

test('all that may answer are found: the machine, commands, services, the session', async () => {
  const places = [
    '/run/viver/control',
    '/run/viver/field-1',
    '/run/viver/debian/field-2',
    '/run/user/1000/viver/field-3',
  ];
  const others = ['/run/viver/pid', '/run/viver/image/etc', '/run/user/1000/bus'];
  const sys = new FakeSys(Object.fromEntries([...places, ...others].map((path) => [path, ''])));
  const surroundings = { isRoot: false, env: { XDG_RUNTIME_DIR: '/run/user/1000' }, processId: 7 };
  expect((await findControlSockets(sys, surroundings)).sort()).toEqual([...places].sort());
});
