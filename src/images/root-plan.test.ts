import { expect, test } from 'vitest';
import { createLog, silentLog } from '../log.ts';
import { FakeSys } from '../sys/fake.ts';
import { applyRootPlan, describeStep, planRoot } from './root-plan.ts';

/** A FakeSys that knows mkdir and remembers what it was asked. */
function machine() {
  const sys = new FakeSys();
  const made: string[] = [];
  sys.programs.set('mkdir', (args) => {
    made.push(...args.slice(1));
    return {};
  });
  return { sys, made };
}

test('the image is read-only below, memory above, and the system sees both as one', () => {
  expect(planRoot({ device: '/dev/nbd0', overlay: { percent: 30 } }).map(describeStep)).toMatchInlineSnapshot(`
    [
      "make /image /overlay /newroot: places for the layers",
      "mount squashfs /dev/nbd0 on /image (ro,nodev): the image, never written to",
      "mount tmpfs overlay on /overlay (size=30%,mode=0755): memory for what is written",
      "make /overlay/upper /overlay/work /overlay/upper/dev /overlay/upper/proc /overlay/upper/sys /overlay/upper/run: upper layer",
      "mount overlay overlay on /newroot (lowerdir=/image,upperdir=/overlay/upper,workdir=/overlay/work): the root",
      "mount devtmpfs dev on /newroot/dev (mode=0755,nosuid): device nodes",
      "mount proc proc on /newroot/proc (nosuid,nodev,noexec): processes",
      "mount sysfs sys on /newroot/sys (nosuid,nodev,noexec): devices",
      "mount tmpfs run on /newroot/run (mode=0755,nosuid,nodev): run-time files",
      "make /newroot/run/viver/image: a place for the view of the image",
      "mount none /image on /newroot/run/viver/image (bind): the untouched image for administrators",
    ]
  `);
});

test('the limit of the writable layer', () => {
  const sizeOf = (overlay?: Parameters<typeof planRoot>[0]['overlay']) =>
    planRoot({ device: '/dev/sda1', ...(overlay ? { overlay } : {}) })
      .flatMap((step) => (step.kind === 'mount' && step.request.type === 'tmpfs' ? (step.request.options ?? []) : []))
      .filter((option) => option.startsWith('size='));
  expect(sizeOf()).toEqual(['size=50%']);
  expect(sizeOf({ bytes: 123_456_789 })).toEqual(['size=123456789']);
});

test('every folder is there before something is mounted on it', async () => {
  const { sys, made } = machine();
  const steps = planRoot({ device: '/dev/nbd0', prefix: '/p', sharedRun: '/run/viver' });
  await applyRootPlan(steps, sys, silentLog);
  // The mount points of the new root exist in its upper layer.
  const seen = [...made, ...made.map((path) => path.replace('/p/overlay/upper/', '/p/newroot/'))];
  for (const { target } of sys.mounts) expect(seen).toContain(target);
  expect(sys.mounts.every(({ target }) => target.startsWith('/p/'))).toBe(true);
});

test('a step that fails is named, and nothing comes after it', async () => {
  const { sys } = machine();
  sys.mount = async ({ type }) => {
    if (type === 'squashfs') throw new Error('mount: wrong fs type');
    throw new Error('must not be reached');
  };
  const steps = planRoot({ device: '/dev/vda' });
  await expect(
    applyRootPlan(
      steps,
      sys,
      createLog(() => {}),
    ),
  ).rejects.toMatchObject({
    code: 'IMAGE_NO_ROOT',
    message: expect.stringContaining('cannot mount squashfs /dev/vda on /image (ro,nodev)'),
  });
});
