// A thread that loads kernel modules: finit_module(2) returns only after the driver's probe, which may take seconds.

import { closeSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { finitModule } from './libc.ts';

export interface LoadRequest {
  readonly id: number;
  readonly path: string;
  readonly parameters: string;
}

export interface LoadAnswer {
  readonly id: number;
  /** 0 when loaded, else errno(3). */
  readonly errno: number;
}

parentPort?.on('message', ({ id, path, parameters }: LoadRequest) => {
  parentPort?.postMessage({ id, errno: load(path, parameters) } satisfies LoadAnswer);
});

function load(path: string, parameters: string): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    return Math.abs((error as NodeJS.ErrnoException).errno ?? 5);
  }
  try {
    return finitModule(descriptor, parameters);
  } finally {
    closeSync(descriptor);
  }
}
