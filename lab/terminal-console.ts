// `lab console`: the terminal becomes a machine's serial line until Ctrl-] is pressed. The terminal is given back as it was.

import type { Socket } from 'node:net';

/** Ctrl-], as in telnet(1) and virsh console. */
const LEAVE = 0x1d;

/** Joins this terminal and the serial line; resolves when the user leaves or the machine goes off. */
export function joinConsole(socket: Socket, name: string): Promise<void> {
  const { stdin, stdout } = process;
  stdout.write(`console of ${name}; Ctrl-] leaves\r\n`);
  if (stdin.isTTY) stdin.setRawMode(true);
  return new Promise((resolve) => {
    const leave = () => {
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.pause();
      socket.destroy();
      stdout.write(`\r\nleft the console of ${name}\n`);
      resolve();
    };
    stdin.on('data', (typed: Buffer) => {
      const end = typed.indexOf(LEAVE);
      if (end !== 0) socket.write(end < 0 ? typed : typed.subarray(0, end));
      if (end >= 0) socket.end();
    });
    if (!stdin.isTTY) stdin.once('end', () => socket.end());
    socket.on('data', (chunk: Buffer) => stdout.write(chunk));
    socket.once('close', leave);
    socket.once('end', () => socket.destroy());
    socket.resume();
  });
}
