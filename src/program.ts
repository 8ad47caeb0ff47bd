// How a command line program of ours starts and fails: bad input is one line on standard error and a non-zero exit.

import type { Command } from 'commander';
import { errorLine, ViverError } from './errors.ts';

/** Parses `argv` and runs the command it names. Sets the exit status; a bug still shows its stack. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<void> {
  // `viver-kit … | head`: who reads no further wants no more, and no stack trace.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof ViverError) && !isSystemError(error)) throw error;
    process.stderr.write(`${program.name()}: ${errorLine(error)}\n`);
    process.exitCode = 1;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
