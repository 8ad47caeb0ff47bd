// What is fuzzed, as the program sees it.

import type { Random } from './random.ts';

/** Something that takes damaged inputs. Throws, or rejects, for what is a defect: anything but a refusal. */
export interface Subject {
  /** Takes some inputs. @returns How many. */
  feed(): number | Promise<number>;
  /** Lets what is under way come to its end, before a look at the memory. */
  rest(): Promise<void>;
  /** Looks once more whether all is well; ends. */
  close(): Promise<void>;
}

export interface Target {
  /** Inputs of this target in a run of ten million, in thousands. */
  readonly thousands: number;
  /** @param note To be called with each input before it is given to what is tested. */
  open(random: Random, note: (input: Uint8Array) => void): Promise<Subject>;
}
