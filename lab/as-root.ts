// The few steps that need root (making a system whose files belong to root, reading it): directly, or by sudo, which asks at the
// terminal. The room itself never needs root.

import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import { ViverError } from '../src/errors.ts';

/** Runs a program as root with this terminal for its messages and sudo's question; returns what it wrote to standard output. */
export function runAsRoot(command: string, args: readonly string[]): Promise<string> {
  return userInfo().uid === 0 ? runHere(command, args) : runHere('sudo', ['--', command, ...args]);
}

/** Runs a program with this terminal; returns what it wrote to standard output. @throws ViverError LAB_PROGRAM_FAILED */
export function runHere(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'inherit'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', (error) =>
      reject(new ViverError('LAB_NO_PROGRAM', `${program}: ${error.message}: run 'make setup'`)),
    );
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(output).toString('utf8'));
      else reject(new ViverError('LAB_PROGRAM_FAILED', `${nameOf(program, args)} failed with status ${status}`));
    });
  });
}

/** What a person would call it: the program behind sudo or an interpreter, and its first words. */
function nameOf(program: string, args: readonly string[]): string {
  const words = [program, ...args].filter((word) => word !== 'sudo' && word !== '--' && !word.startsWith('--'));
  return words
    .slice(0, 3)
    .map((word) => basename(word))
    .join(' ');
}
