// Where the store's slots lie. A process of its own gets memory from src/sys that threads can share; tests and the simulator take V8's.

export interface SlotMemory {
  /** Zeroes, whose pages the system gives when they are first used. */
  allocate(lengthBytes: number): Uint8Array;
  /** Gives the pages back now, and not when the array is collected: a machine short of memory cannot wait for that. Nobody uses the array any more. */
  release(memory: Uint8Array): void;
}

export const heapMemory: SlotMemory = {
  allocate: (lengthBytes) => new Uint8Array(lengthBytes),
  release: ({ buffer }) => void (buffer as ArrayBuffer).transfer(0),
};
