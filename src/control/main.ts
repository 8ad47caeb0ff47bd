// viver: the command inside a booted machine, where the script of the viver-command rune runs it in the initrd's runtime, and on any other Linux (bin/viver).

import { Command } from 'commander';
import { fieldCommand } from '../field-command/command.ts';
import { runProgram } from '../program.ts';
import { runesCommand } from '../runes/command/command.ts';
import { formatTraceFile } from '../vfield/trace-file.ts';
import { askStatus, askToLeave, askTrace } from './control-socket.ts';
import { formatMembers } from './format-members.ts';
import { CONTROL_SOCKET, formatStatus } from './status.ts';

const program = new Command('viver').description(
  "Ask the Viver process of this machine, take part in a room's field from any Linux, try roles and runes on the desk",
);

program
  .command('status')
  .description('what this machine holds, serves and has read, and from whom')
  .option('--json', 'as JSON')
  .option('--socket <path>', 'the control socket of the process', CONTROL_SOCKET)
  .action(async ({ json, socket }: { json?: boolean; socket: string }) => {
    const status = await askStatus(socket);
    process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status));
  });

program
  .command('trace')
  .description('the order in which this boot read the image, for `viver-kit image trace --from`')
  .option('--json', 'as JSON')
  .option('--socket <path>', 'the control socket of the process', CONTROL_SOCKET)
  .action(async ({ json, socket }: { json?: boolean; socket: string }) => {
    const trace = await askTrace(socket);
    process.stdout.write(json ? `${JSON.stringify(trace)}\n` : formatTraceFile(trace));
  });

program
  .command('members')
  .description('the machines of the room as this one sees them, and what their runes offer to all')
  .option('--json', 'as JSON')
  .option('--socket <path>', 'the control socket of the process', CONTROL_SOCKET)
  .action(async ({ json, socket }: { json?: boolean; socket: string }) => {
    const { members } = await askStatus(socket);
    process.stdout.write(json ? `${JSON.stringify(members ?? [], null, 2)}\n` : formatMembers(members));
  });

program
  .command('leave')
  .description('stop the runes of this machine and leave the room; the field goes on. Shutting down does it by itself')
  .option('--socket <path>', 'the control socket of the process', CONTROL_SOCKET)
  .action(async ({ socket }: { socket: string }) => askToLeave(socket));

program.addCommand(fieldCommand());
program.addCommand(runesCommand());

await runProgram(program, process.argv);
