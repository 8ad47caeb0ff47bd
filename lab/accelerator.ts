// KVM or emulation? /dev/kvm may be there and still not carry a guest (nested hosts where a stock kernel hangs), so the question is
// decided by starting one: a real kernel that has to reach user space in a few seconds. The answer is kept until the host restarts.

import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../src/log.ts';
import type { Accelerator } from './machine.ts';
import { TINY_GUEST_READY, writeTinyGuest } from './tiny-guest.ts';

/** A stock kernel under working KVM needs about two seconds; a busy host may need a few more. */
const PROBE_TIMEOUT_MS = 8000;

const QEMU = 'qemu-system-x86_64';

interface ProbeOptions {
  /** A bootable kernel of the kind that the room will start; without one KVM can't be tried and is not used. */
  readonly kernel: string | undefined;
  /** Holds the answer and the probe's files. */
  readonly directory: string;
  readonly log: Log;
}

/** The accelerator that guests really start under. */
export async function chooseAccelerator(options: ProbeOptions): Promise<Accelerator> {
  if (!(await isUsable('/dev/kvm'))) return 'tcg';
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const answerFile = join(options.directory, `accelerator-${bootId}`);
  const known = await readFile(answerFile, 'utf8').catch(() => '');
  if (known === 'kvm' || known === 'tcg') return known;
  if (!options.kernel) {
    options.log.info('no kernel is there to try KVM with: emulation is used');
    return 'tcg';
  }
  const answer: Accelerator = (await kernelStarts(options.kernel, options.directory)) ? 'kvm' : 'tcg';
  options.log.info(answer === 'kvm' ? 'KVM carries a guest: used' : 'no guest starts under KVM: emulation is used');
  await writeFile(answerFile, answer);
  return answer;
}

async function isUsable(device: string): Promise<boolean> {
  return access(device, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function kernelStarts(kernel: string, directory: string): Promise<boolean> {
  await mkdir(directory, { recursive: true });
  const initrd = join(directory, 'probe-initrd.cpio');
  await writeTinyGuest(initrd, `echo ${TINY_GUEST_READY}; poweroff -f`);
  const arguments_ = [
    '-machine',
    'q35',
    '-accel',
    'kvm',
    '-cpu',
    'host',
    '-m',
    '256M',
    '-nodefaults',
    '-display',
    'none',
  ];
  const boot = ['-no-reboot', '-serial', 'stdio', '-kernel', kernel, '-initrd', initrd];
  return saysInTime([...arguments_, ...boot, '-append', 'console=ttyS0 panic=-1'], TINY_GUEST_READY);
}

function saysInTime(args: readonly string[], wanted: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(QEMU, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), PROBE_TIMEOUT_MS);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(-8192);
      if (said.includes(wanted)) child.kill('SIGKILL');
    });
    child.on('error', () => resolve(false));
    child.on('close', () => {
      clearTimeout(timer);
      resolve(said.includes(wanted));
    });
  });
}
