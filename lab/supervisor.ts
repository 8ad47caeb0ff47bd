// The process behind `lab up`: holds a room until `lab down`. Machines end with it, also when it is killed (running-machine.ts).
// Started detached with the room's name as its only argument; standard output is the room's log file.

import { errorLine } from '../src/errors.ts';
import { createLog } from '../src/log.ts';
import { chooseAccelerator } from './accelerator.ts';
import { serveControl } from './control.ts';
import { findKernel } from './host-kernel.ts';
import { Room } from './room.ts';
import { controlSocketPath, LAB_DIRECTORY, roomDirectory } from './room-paths.ts';

const log = createLog((level, area, message) => {
  process.stdout.write(`${new Date().toISOString()} ${level} ${area}: ${message}\n`);
}, 'room');

async function supervise(name: string): Promise<void> {
  const accelerator = await chooseAccelerator({ kernel: await findKernel(), directory: LAB_DIRECTORY, log });
  const room = await Room.open({ directory: roomDirectory(name), accelerator, log });
  const server = await serveControl(room, await controlSocketPath(name), () => void down());
  log.info(`room ${name} is up (${accelerator})`);
  const down = async () => {
    server.close();
    await room.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void down());
  process.on('SIGINT', () => void down());
}

process.on('uncaughtException', (error) => {
  log.error(errorLine(error));
  process.exit(1); // the machines end with this process; a room in an unknown state helps nobody
});
await supervise(process.argv[2] ?? 'lab');
