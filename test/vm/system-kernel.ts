// The kernel that the tests' own guests start: the demonstration's, so that all machines have the same one. The system is made when it
// is not there yet.

import { join } from 'node:path';
import { makeDebianSystem } from '../../lab/debian.ts';
import { findKernel } from '../../lab/host-kernel.ts';
import { LAB_DIRECTORY } from '../../lab/room-paths.ts';
import { silentLog } from '../../src/log.ts';

/** Path of the kernel; its modules lie in `../../lib/modules` from there. */
export async function systemKernel(): Promise<string> {
  const { root } = await makeDebianSystem(LAB_DIRECTORY, silentLog);
  const kernel = await findKernel([join(root, 'boot')]);
  if (!kernel) throw new Error(`${root} has no kernel`);
  return kernel;
}
