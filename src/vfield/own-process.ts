// How a field works that has a process of its own, and not a room of them (tests, the simulator): pieces in memory that a second thread can read, and that thread
// when they come fast.

import { sharedMemory } from '../sys/shared-memory.ts';
import { checkInThread } from './checking/threaded-checker.ts';
import type { FieldOptions } from './field.ts';

export const ownProcess: Pick<FieldOptions, 'memory' | 'makeChecker'> = {
  memory: sharedMemory,
  makeChecker: checkInThread,
};
