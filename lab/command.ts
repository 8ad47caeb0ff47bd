// `viver-kit lab …`: a room of virtual machines to play with, and the demonstration that `make lab` runs.

import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ViverError } from '../src/errors.ts';
import { churnCommand } from './churn/command.ts';
import { askRoom, askStatus, isAnswering, openControl } from './control.ts';
import { FIRMWARES, type Firmware, type Medium, NICS, type Nic } from './machine.ts';
import { parseMemory } from './options.ts';
import { controlSocketPath, roomDirectory } from './room-paths.ts';
import { formatMachine } from './room-status.ts';
import { joinConsole } from './terminal-console.ts';
import { webCommand } from './web/command.ts';

const UP_TIMEOUT_MS = 20_000;

interface AddOptions {
  readonly room: string;
  readonly firmware: Firmware;
  readonly nic: Nic;
  readonly medium: Medium;
  readonly memory: number;
}

/** The `lab` command with its sub-commands. */
export function labCommand(): Command {
  const lab = new Command('lab').description('a room of virtual machines on one private network; no root needed');
  lab.addCommand(roomCommand('up', 'open an empty room').action(({ room }) => up(room)));
  lab.addCommand(addCommand());
  lab.addCommand(machineCommand('kill', 'cut the power of a machine').action(kill));
  lab.addCommand(machineCommand('unplug', "pull a machine's network cable").action((n, o) => plug(n, o, false)));
  lab.addCommand(machineCommand('plug', "plug a machine's network cable in again").action((n, o) => plug(n, o, true)));
  lab.addCommand(machineCommand('console', 'the serial console of a machine; Ctrl-] leaves').action(console_));
  lab.addCommand(roomCommand('status', 'machines, phases, seconds, memory').option('--json', 'as JSON').action(status));
  lab.addCommand(roomCommand('down', 'cut the power of all and close the room').action(({ room }) => down(room)));
  lab.addCommand(
    new Command('demo')
      .description(
        'the demonstration: stick, diskless PCs, power cut, and every file compared; needs root for its files',
      )
      .option('--quick', 'one diskless PC')
      .action(demo),
  );
  lab.addCommand(churnCommand());
  lab.addCommand(webCommand());
  return lab;
}

function roomCommand(name: string, description: string): Command {
  return new Command(name).description(description).option('--room <name>', 'which room', 'lab');
}

function machineCommand(name: string, description: string): Command {
  return roomCommand(name, description).argument('<machine>', 'its name');
}

function addCommand(): Command {
  return machineCommand('add', 'switch a machine on')
    .addOption(new Option('--firmware <kind>', 'how it starts').choices(FIRMWARES).default('bios'))
    .addOption(new Option('--nic <model>', 'network card').choices(Object.keys(NICS)).default('virtio'))
    .option('--medium <medium>', 'none, usb:FILE, cd:FILE or disk:FILE; never written to', parseMedium, {
      kind: 'none',
    })
    .option('--memory <MiB>', 'its memory', parseMemory, 1024)
    .action(add);
}

async function up(room: string): Promise<void> {
  const path = await controlSocketPath(room);
  if (await isAnswering(path)) throw new ViverError('LAB_ROOM_UP', `room ${room} is up already`);
  const directory = roomDirectory(room);
  await mkdir(directory, { recursive: true });
  const logFile = join(directory, 'room.log');
  const log = await open(logFile, 'w');
  const program = fileURLToPath(new URL('supervisor.ts', import.meta.url));
  const supervisor = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, room], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  supervisor.unref();
  await log.close();
  const deadline = Date.now() + UP_TIMEOUT_MS;
  while (!(await isAnswering(path))) {
    if (supervisor.exitCode !== null || Date.now() > deadline) throw await startError(logFile);
    await delay(50);
  }
  process.stdout.write(`room ${room} is up; logs in ${directory}\n`);
}

async function startError(logFile: string): Promise<ViverError> {
  const last = (await readFile(logFile, 'utf8')).trim().split('\n').at(-1);
  return new ViverError('LAB_ROOM_START', `the room did not open: ${last || `see ${logFile}`}`);
}

async function add(name: string, options: AddOptions): Promise<void> {
  const { firmware, nic, medium, memory } = options;
  const machine = { name, firmware, nic, medium, memoryMiB: memory };
  await askRoom(await controlSocketPath(options.room), { action: 'add', machine });
}

async function kill(name: string, { room }: { room: string }): Promise<void> {
  await askRoom(await controlSocketPath(room), { action: 'kill', name });
}

async function plug(name: string, { room }: { room: string }, plugged: boolean): Promise<void> {
  await askRoom(await controlSocketPath(room), { action: 'plug', name, plugged });
}

async function console_(name: string, { room }: { room: string }): Promise<void> {
  const { socket } = await openControl(await controlSocketPath(room), { action: 'console', name });
  await joinConsole(socket, name);
}

async function status({ room, json }: { room: string; json?: true }): Promise<void> {
  const found = await askStatus(await controlSocketPath(room));
  const lines = found.machines.map(formatMachine);
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : `${lines.join('\n') || 'the room is empty'}\n`);
}

async function down(room: string): Promise<void> {
  const path = await controlSocketPath(room);
  await askRoom(path, { action: 'down' });
  while (await isAnswering(path)) await delay(50);
}

/** The demonstration pulls in much; the other commands start without it. */
async function demo({ quick }: { quick?: true }): Promise<void> {
  const { runDemonstration } = await import('./demonstration/run.ts');
  const report = await runDemonstration({ quick: quick ?? false });
  if (!report.ok) process.exitCode = 1;
}

function parseMedium(text: string): Medium {
  if (text === 'none') return { kind: 'none' };
  const [, kind, image] = /^(usb|cd|disk):(.+)$/.exec(text) ?? [];
  if (!kind || !image) throw new InvalidArgumentError('must be none, usb:FILE, cd:FILE or disk:FILE.');
  return { kind: kind as 'usb' | 'cd' | 'disk', image: resolve(image) };
}
