// The lab itself: two guests on one switch reach each other, a power cut is seen, and nothing outlives the process that holds the room.
// Needs QEMU, busybox-static and the demonstration's Debian system, which is made when it is missing.

import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { askRoom, askStatus, openControl, serveControl } from '../../lab/control.ts';
import type { MachineDescription, Nic } from '../../lab/machine.ts';
import { Room } from '../../lab/room.ts';
import { PROJECT_DIRECTORY } from '../../lab/room-paths.ts';
import type { RunningMachine } from '../../lab/running-machine.ts';
import { TINY_GUEST_READY, writeTinyGuest } from '../../lab/tiny-guest.ts';
import { silentLog } from '../../src/log.ts';
import { systemKernel } from './system-kernel.ts';

const BOOT_MS = 60_000;

let folder: string;
let kernel: string;
let modules: Record<string, Uint8Array>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viver-lab-test-'));
  kernel = await systemKernel();
  modules = await nicModules(kernel);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The driver that the guests' network cards need, out of the folder that belongs to the kernel. */
async function nicModules(image: string): Promise<Record<string, Uint8Array>> {
  const release = /vmlinuz-(.*)$/.exec(image)![1]!;
  const drivers = join(image, '../../lib/modules', release, 'kernel/drivers/net/ethernet/intel/e1000/e1000.ko');
  if (!existsSync(drivers)) throw new Error(`${drivers} is missing`);
  return { 'bin/e1000.ko': await readFile(drivers) };
}

async function tinyMachine(name: string, script: string): Promise<MachineDescription> {
  const initrd = join(folder, `${name}.cpio`);
  await writeTinyGuest(initrd, script, modules);
  const nic: Nic = 'e1000';
  const medium = { kind: 'none' } as const;
  const boot = { image: kernel, initrd, commandLine: 'console=ttyS0 quiet panic=-1' };
  return { name, firmware: 'bios', nic, medium, memoryMiB: 192, kernel: boot };
}

async function openRoom(name: string): Promise<Room> {
  const accelerator = await chooseAccelerator({ kernel, directory: folder, log: silentLog });
  return Room.open({ directory: join(folder, name), accelerator, log: silentLog });
}

function waitLine(machine: RunningMachine, wanted: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${wanted} did not come`)), BOOT_MS);
    let text = '';
    machine.on('serial', (chunk) => {
      text += Buffer.from(chunk).toString('latin1');
      if (!text.includes(wanted)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

const UP = (address: string) => `insmod /bin/e1000.ko; ifconfig eth0 ${address} up`;

test('two guests ping each other through the switch; a pulled cable and a power cut are what they say', async () => {
  const room = await openRoom('ping');
  try {
    const server = await room.add(
      await tinyMachine('server', `${UP('10.9.0.1')}; echo ${TINY_GUEST_READY}; sleep 999`),
    );
    await waitLine(server, TINY_GUEST_READY);
    const ping = [
      'until ping -c 3 -w 20 10.9.0.1; do sleep 1; done; echo pings-answered',
      'while ping -c 1 -w 2 10.9.0.1; do sleep 1; done; echo cable-is-out; sleep 999',
    ].join('\n');
    const client = await room.add(await tinyMachine('client', `${UP('10.9.0.2')}; ${ping}`));
    await waitLine(client, 'pings-answered');
    room.plug('client', false);
    await waitLine(client, 'cable-is-out');
    expect(await client.monitor.execute('query-status')).toMatchObject({ status: 'running' });
    expect(await server.cutPower()).toMatchObject({ cause: 'cut' });
  } finally {
    await room.close();
  }
  const { stdout } = await promisify(execFile)('tcpdump', ['-nr', join(folder, 'ping', 'room.pcap'), 'icmp']);
  expect(stdout).toMatch(/10\.9\.0\.2 > 10\.9\.0\.1: ICMP echo request/);
  expect(stdout).toMatch(/10\.9\.0\.1 > 10\.9\.0\.2: ICMP echo reply/);
});

test('a guest that powers itself off, one that panics, and one that cannot be', async () => {
  const room = await openRoom('ends');
  try {
    const clean = await room.add(await tinyMachine('clean', 'poweroff -f'));
    expect(await clean.waitExit(BOOT_MS)).toMatchObject({ cause: 'guest' });
    expect(clean.console.has('power-off')).toBe(true);
    const broken = await tinyMachine('broken', 'exit 1');
    const panics = await room.add({ ...broken, kernel: { ...broken.kernel!, commandLine: 'console=ttyS0' } });
    await expect(panics.waitPhase(['multi-user'], BOOT_MS)).rejects.toThrow(/broken: .*Kernel panic/);
    const medium = { kind: 'usb', image: join(folder, 'none.img') } as const;
    const impossible = await room.add({ ...broken, name: 'impossible', medium });
    expect(await impossible.waitExit(BOOT_MS)).toMatchObject({ cause: 'failed', message: /none\.img/ });
  } finally {
    await room.close();
  }
});

test('a room is reached by its control socket: what is typed on a console arrives', async () => {
  const room = await openRoom('control');
  const path = join(folder, 'control.sock');
  const server = await serveControl(room, path, () => {});
  try {
    const echo = await room.add(
      await tinyMachine('echo', `echo ${TINY_GUEST_READY}; read line; echo "typed $line"; sleep 999`),
    );
    await waitLine(echo, TINY_GUEST_READY);
    await expect(askRoom(path, { action: 'kill', name: 'nobody' })).rejects.toThrow('no machine nobody');
    const { socket } = await openControl(path, { action: 'console', name: 'echo' });
    socket.write('viver\n');
    await waitLine(echo, 'typed viver');
    socket.destroy();
    await askRoom(path, { action: 'kill', name: 'echo' });
    expect((await askStatus(path)).machines).toMatchObject([{ name: 'echo', power: 'power cut' }]);
  } finally {
    server.close();
    await room.close();
  }
});

test('machines end with the process that holds the room, also when it is killed', async () => {
  const program = join(folder, 'holder.ts');
  await writeFile(
    program,
    `import { Room } from '${join(PROJECT_DIRECTORY, 'lab/room.ts')}';
import { silentLog } from '${join(PROJECT_DIRECTORY, 'src/log.ts')}';
const room = await Room.open({ directory: '${join(folder, 'held')}', accelerator: 'tcg', log: silentLog });
const none = { kind: 'none' };
const machine = await room.add({ name: 'held', firmware: 'bios', nic: 'e1000', medium: none, memoryMiB: 128 });
machine.once('serial', () => console.log(machine.pid));
`,
  );
  const holder = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await holder.stdout.take(1).toArray()) as Buffer[];
  const pid = Number(line!.toString());
  expect(process.kill(pid, 0)).toBe(true);
  holder.kill('SIGKILL');
  for (let tries = 0; tries < 50 && existsSync(`/proc/${pid}`); tries++) await delay(100);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});
