// The trace of this machine's own boot, for `viver trace`.

import { hostname } from 'node:os';
import { ViverError } from '../src/errors.ts';
import type { TraceFile } from '../src/vfield/trace-file.ts';
import type { Root } from './root.ts';

const ENDS = {
  quiet: 'nothing new was read for a minute',
  time: 'ten minutes were over',
  full: 'a trace can have no more',
} as const;

/**
 * What has been recorded so far.
 * @throws ViverError `TRACE_NONE` on a machine whose root comes from its own medium, and after a take-over.
 */
export function recordedTrace({ field, local, recorder }: Root): TraceFile {
  if (!recorder || recorder.pieces.length === 0) {
    const why = local
      ? 'the root of this machine is read from its own medium, not through the field'
      : 'the process that saw this boot has ended, and another one has taken over';
    throw new ViverError('TRACE_NONE', `no boot trace: ${why}`);
  }
  const { infoHashV2, pieceCount } = field.metainfo;
  const length = `${recorder.pieces.length} pieces read in ${(recorder.lengthMs / 1000).toFixed(1)} s`;
  const end = recorder.end ? `ended since ${ENDS[recorder.end]}` : 'goes on';
  return {
    infoHash: infoHashV2.toHex(),
    pieceCount,
    pieces: recorder.pieces,
    note: `${hostname()}: ${length}; ${end}`,
  };
}
