// This machine as a member of its image's field, at boot and again after a take-over.

import { amountBytes } from '../src/amount.ts';
import type { Field, FieldOptions } from '../src/vfield/field.ts';
import type { BootContext } from './context.ts';

/** The port of BitTorrent peers by old habit; every node has an address of its own, so it is free. */
const FIELD_PORT = 6881;

/** Joins the field with the share that the command line gives. */
export async function openNode(
  boot: BootContext,
  what: Pick<FieldOptions, 'metainfo' | 'magnet' | 'peers' | 'local' | 'discovery'>,
): Promise<Field> {
  const { openField } = await import('../src/vfield/field.ts'); // being read since the hardware was found
  const { ownProcess } = await import('../src/vfield/own-process.ts');
  return openField({
    ...what,
    listen: { port: FIELD_PORT },
    shareBytes: amountBytes(boot.options.share, boot.machine.ramBytes),
    ...ownProcess,
    log: boot.log.child('field'),
  });
}
