// A Unix socket's file outlives a process that was killed, and nobody can listen at its path until it is removed.

import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';

/** Removes the socket at `path` if nobody listens on it any more. What is no socket, or is in use, stays. */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() && (await isRefused(path))) await rm(path, { force: true });
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}
