// The thread that checks pieces: sleeps until there are jobs (check-jobs.ts), answers them in order, and tells the other side when it has found nothing more
// to do for a moment. Never returns to its event loop; the segments of memory come as messages before the first job that names them.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { sharedMemory } from '../../sys/shared-memory.ts';
import { isHashOf } from '../merkle.ts';
import { type CheckJob, CheckJobs } from './check-jobs.ts';

/** How long it waits for more before it says so: under load nobody needs to be woken, verdicts are collected with the next piece. */
const LINGER_MS = 1;

export interface CheckThreadData {
  readonly jobs: SharedArrayBuffer;
  readonly pieceBytes: number;
  readonly lengthBytes: number;
}

const file = workerData as CheckThreadData;
const jobs = new CheckJobs(file.jobs);
const segments: Uint8Array[] = [];

for (;;) {
  parentPort!.postMessage(undefined);
  jobs.wait();
  do answerAll();
  while (jobs.wait(LINGER_MS));
}

function answerAll(): void {
  for (let job = jobs.next(); job; job = jobs.next()) jobs.answer(run(job));
}

function run({ segment, offsetBytes, lengthBytes, hash }: CheckJob): boolean {
  const bytes = segmentOf(segment).subarray(offsetBytes, offsetBytes + lengthBytes);
  if (hash) return isHashOf(bytes, file, hash, 0);
  sharedMemory.prepare(bytes);
  return true;
}

function segmentOf(number: number): Uint8Array {
  while (segments.length <= number) {
    const { message } = receiveMessageOnPort(parentPort!) as { message: SharedArrayBuffer };
    segments.push(new Uint8Array(message));
  }
  return segments[number]!;
}
