// FILE.trace: a boot trace as text that can be read, compared line by line, and merged. Pure.
//
//   viver-trace 1 INFOHASH PIECES      version, SHA-256 info hash of the image in hex, pieces of the image
//   # any text                         a comment; empty lines too
//   17                                 a piece
//   3-12                               or several that follow each other, from first to last

import { ViverError } from '../errors.ts';
import { checkBootTrace, MAX_TRACE_PIECES } from './boot-trace.ts';

/** Characters read: a line of 20 for each piece of the longest trace. */
export const MAX_TRACE_FILE_CHARACTERS = 20 * MAX_TRACE_PIECES;
const VERSION = 1;

export interface TraceFile {
  /** SHA-256 info hash of the image that was booted, 64 hex digits. */
  readonly infoHash: string;
  readonly pieceCount: number;
  readonly pieces: readonly number[];
  /** For people: how it was recorded. One line; not read back. */
  readonly note?: string;
}

export function formatTraceFile(trace: TraceFile): string {
  const head = `viver-trace ${VERSION} ${trace.infoHash} ${trace.pieceCount}`;
  const note = trace.note === undefined ? [] : [`# ${trace.note.replace(/\s+/g, ' ')}`];
  return [head, ...note, ...rangesOf(trace.pieces), ''].join('\n');
}

/** @throws ViverError `TRACE_FORM` naming the line, `TRACE_INVALID`, `TRACE_LIMIT`. */
export function parseTraceFile(text: string): TraceFile {
  if (text.length > MAX_TRACE_FILE_CHARACTERS) {
    throw new ViverError('TRACE_LIMIT', `boot trace: ${text.length} characters, at most ${MAX_TRACE_FILE_CHARACTERS}`);
  }
  const [head = '', ...lines] = text.split('\n').map((line) => line.trim());
  const [, version, infoHash, count] = /^viver-trace (\d{1,9}) ([0-9a-f]{64}) (\d{1,9})$/.exec(head) ?? [];
  if (!version || !infoHash || !count) throw form('line 1 is not "viver-trace 1 INFOHASH PIECES"');
  if (Number(version) !== VERSION) throw form(`version ${version} is not known, only ${VERSION}`);
  const pieces: number[] = [];
  lines.forEach((line, index) => {
    if (line !== '' && !line.startsWith('#')) addRange(pieces, line, index + 2);
  });
  checkBootTrace(pieces, Number(count));
  return { infoHash, pieceCount: Number(count), pieces };
}

function addRange(pieces: number[], line: string, lineNumber: number): void {
  const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(line) ?? [];
  if (first === undefined || Number(last) < Number(first)) throw form(`line ${lineNumber} is no piece and no range`);
  const count = Number(last) - Number(first) + 1;
  if (pieces.length + count > MAX_TRACE_PIECES)
    throw new ViverError('TRACE_LIMIT', `boot trace: more than ${MAX_TRACE_PIECES} pieces`);
  for (let piece = Number(first); piece <= Number(last); piece++) pieces.push(piece);
}

function rangesOf(pieces: readonly number[]): string[] {
  const ranges: string[] = [];
  for (let at = 0; at < pieces.length; at++) {
    const first = pieces[at]!;
    while (pieces[at + 1] === pieces[at]! + 1) at++;
    ranges.push(pieces[at] === first ? `${first}` : `${first}-${pieces[at]}`);
  }
  return ranges;
}

function form(message: string): ViverError {
  return new ViverError('TRACE_FORM', `boot trace: ${message}`);
}
