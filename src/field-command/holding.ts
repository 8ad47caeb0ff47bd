// Says when a node holds what it is to hold: the whole image, or its share of it.

import type { Field } from '../vfield/field.ts';
import { capacityOfShare } from '../vfield/share.ts';
import { formatBytes, formatCount } from './sizes.ts';

const LOOK_MS = 250;

/** Says once what is held: `complete` for the whole image, `holds` for a full share of it. Ends with `undo`. */
export function watchHolding(
  field: Field,
  say: (name: 'complete' | 'holds', what: string) => void,
  undo: AsyncDisposableStack,
): void {
  const timer = setInterval(() => {
    const { kept, pieces, shareBytes } = field.status();
    const { lengthBytes, pieceBytes } = field.metainfo;
    const isWhole = kept === pieces;
    if (!isWhole && (kept === 0 || kept < capacityOfShare(shareBytes, pieceBytes))) return;
    clearInterval(timer);
    if (isWhole) say('complete', `all ${formatCount(pieces, 'piece')}, ${formatBytes(lengthBytes)}, are held here`);
    else say('holds', `${kept} of ${formatCount(pieces, 'piece')}: the share is full`);
  }, LOOK_MS);
  undo.defer(() => clearInterval(timer));
}
