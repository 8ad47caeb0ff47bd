// The kernel's way of mounting, step by step on a pretended system: failures included; test/vm/field-mount.test.ts does it with a kernel.

import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { silentLog } from '../../log.ts';
import { FakeSys } from '../../sys/fake.ts';
import type { MountRequest } from '../../sys/sys.ts';
import { bytesSource } from '../../vfield/block-source.ts';
import { attachToKernel } from './kernel.ts';
import { mountImage } from './mount.ts';

/** Writes down what would be done to the system, in order. */
class Journal extends FakeSys {
  readonly steps: string[] = [];
  mountFails = false;

  readonly devices = {
    attach: (index: number, sizeBytes: number) => {
      this.steps.push(`attach nbd${index}, ${sizeBytes} bytes`);
      return new PassThrough();
    },
    detach: (index: number) => void this.steps.push(`detach nbd${index}`),
  };

  override async mount(request: MountRequest): Promise<void> {
    this.steps.push(`mount -t ${request.type} -o ${request.options?.join()} ${request.source} ${request.target}`);
    if (this.mountFails) throw new Error('wrong fs type');
    this.files.set('/proc/self/mounts', `${request.source} ${request.target} squashfs ro 0 0\n`);
  }

  override async unmount(target: string): Promise<void> {
    this.steps.push(`umount ${target}`);
    this.files.set('/proc/self/mounts', '');
  }
}

const BUSY = {
  '/sys/block/nbd0/pid': '77',
  '/sys/block/nbd0/size': '8',
  '/sys/block/nbd1/size': '0',
  '/sys/block/nbd10/size': '0',
};

function mount(sys: Journal, signal = new AbortController().signal) {
  const attach = () => attachToKernel(bytesSource(new Uint8Array(5000)), sys, silentLog, sys.devices);
  return mountImage({ sys, log: silentLog, directory: '/mnt', attach, ending: signal, hurry: signal });
}

test('the first free device is attached, mounted, unmounted and detached, in this order', async () => {
  const sys = new Journal(BUSY);
  const mounted = await mount(sys);
  await mounted.end();
  expect(sys.steps).toEqual([
    'attach nbd1, 8192 bytes',
    'mount -t squashfs -o ro /dev/nbd1 /mnt',
    'umount /mnt',
    'detach nbd1',
  ]);
});

test('a mount that fails leaves no device attached', async () => {
  const sys = new Journal(BUSY);
  sys.mountFails = true;
  await expect(mount(sys)).rejects.toThrow('wrong fs type');
  expect(sys.steps.at(-1)).toBe('detach nbd1');
});

test('a mount that waits for its blocks ends when the command is to end', async () => {
  const sys = new Journal(BUSY);
  const ending = new AbortController();
  sys.mount = () => {
    ending.abort(new Error('enough'));
    // As in the kernel: it comes back when its device is taken away.
    return new Promise((_, reject) => {
      sys.devices.detach = (index) => {
        sys.steps.push(`detach nbd${index}`);
        reject(new Error('can not read superblock'));
      };
    });
  };
  await expect(mount(sys, ending.signal)).rejects.toThrow('enough');
  expect(sys.steps).toEqual(['attach nbd1, 8192 bytes', 'detach nbd1']);
});

test('no free device is said', async () => {
  const sys = new Journal({ '/sys/block/nbd0/pid': '77' });
  await expect(mount(sys)).rejects.toThrow('all 1 nbd devices are in use');
});
