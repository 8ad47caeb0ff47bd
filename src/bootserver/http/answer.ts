// What an HTTP answer looks like before it is sent: status, headers, which bytes. Pure. RFC 9110: 8.8.3 ETag, 13 conditional
// requests, 14 ranges. One range at most: several at once are answered whole, which 14.2 allows, and no boot loader asks for them.

import type { BootContent } from '../content.ts';

/** Request headers that matter here, names in small letters as node:http gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** First byte and number of bytes of the body; none for 304 and 416. */
  readonly body?: { readonly offset: number; readonly length: number };
}

/** First and last byte, both included. */
export type RangeWish = { readonly first: number; readonly last: number } | 'unsatisfiable' | undefined;

/**
 * Reads a Range header (RFC 9110 14.1.2). Undefined: no range, or one that is not understood, which counts as none.
 */
export function parseRange(header: string | undefined, sizeBytes: number): RangeWish {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const end = sizeBytes - 1;
  if (match[1] === '') {
    const suffix = Math.min(Number(match[2]), sizeBytes);
    return suffix === 0 ? 'unsatisfiable' : { first: sizeBytes - suffix, last: end };
  }
  const first = Number(match[1]);
  const last = match[2] === '' ? end : Number(match[2]);
  if (last < first && match[2] !== '') return undefined;
  return first > end ? 'unsatisfiable' : { first, last: Math.min(last, end) };
}

/** Whether one of the tags in an If-None-Match header is this one (weak comparison, RFC 9110 13.1.2). */
export function matchesTag(header: string | undefined, tag: string | undefined): boolean {
  if (header === undefined || tag === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === `"${tag}"`);
}

/** The answer to GET or HEAD for a content. */
export function planContentAnswer(
  content: Pick<BootContent, 'sizeBytes' | 'tag'>,
  type: string,
  request: RequestHeaders,
): AnswerHead {
  const { sizeBytes, tag } = content;
  const common: Record<string, string> = { 'content-type': type, 'accept-ranges': 'bytes' };
  if (tag !== undefined) common.etag = `"${tag}"`;
  if (matchesTag(text(request['if-none-match']), tag)) return { status: 304, headers: common };
  const range = isRangeWanted(request, tag) ? parseRange(text(request.range), sizeBytes) : undefined;
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { 'content-range': `bytes */${sizeBytes}`, 'content-length': '0' } };
  }
  if (!range) {
    const headers = { ...common, 'content-length': String(sizeBytes) };
    return { status: 200, headers, body: { offset: 0, length: sizeBytes } };
  }
  const length = range.last - range.first + 1;
  const contentRange = `bytes ${range.first}-${range.last}/${sizeBytes}`;
  const headers = { ...common, 'content-length': String(length), 'content-range': contentRange };
  return { status: 206, headers, body: { offset: range.first, length } };
}

/** RFC 9110 13.1.5: a range counts only if the file is still the one that the client has the rest of. Dates are not kept here. */
function isRangeWanted(request: RequestHeaders, tag: string | undefined): boolean {
  const ifRange = text(request['if-range']);
  return ifRange === undefined || (tag !== undefined && ifRange.trim() === `"${tag}"`);
}

const text = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
  cfg: 'text/plain; charset=utf-8',
  ipxe: 'text/plain; charset=utf-8',
  // UEFI HTTP boot starts what it knows the type of (UEFI 2.10 24.7.3.2), by this or by the ending.
  efi: 'application/efi',
};

/** The media type by a name's ending. */
export function contentType(path: string): string {
  return types[/\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}
