// What a share of RAM comes to, in pieces: the same on every node, since placement counts on it. Pure.

/** Slots of the smallest store: below it a read of 1 MiB beside a few transfers would have to wait for itself. */
export const MIN_SLOTS = 16;
/** Slots that kept pieces never take, so that a read on demand always finds room. */
export const DEMAND_SLOTS = 6;
const MIN_WORKING_SLOTS = 8;
const MAX_WORKING_SLOTS = 64;

/** Pieces that a node with this share keeps for the room. */
export function capacityOfShare(shareBytes: number, pieceBytes: number): number {
  return Math.floor(shareBytes / pieceBytes);
}

/** Slots that a share makes: one for each piece kept, and a sixteenth (8 to 64) beside them for transfers and reads. */
export function slotsOfShare(shareBytes: number, pieceBytes: number): number {
  const capacity = capacityOfShare(shareBytes, pieceBytes);
  const working = Math.min(MAX_WORKING_SLOTS, Math.max(MIN_WORKING_SLOTS, Math.ceil(capacity / 16)));
  return Math.max(MIN_SLOTS, capacity + working);
}

/** Pieces that a node holds for the room at most, for a while: so many more than its capacity that pieces can change places. */
export function mostKept(shareBytes: number, pieceBytes: number): number {
  return shareBytes < pieceBytes ? 0 : slotsOfShare(shareBytes, pieceBytes) - DEMAND_SLOTS;
}

/** The least share that keeps the whole image. */
export function shareForWhole({ pieceBytes, pieceCount }: { pieceBytes: number; pieceCount: number }): number {
  return pieceCount * pieceBytes;
}
