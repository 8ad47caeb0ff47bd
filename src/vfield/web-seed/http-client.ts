// GET over HTTP as the web seeds need it: the one effect that they have. The real one is node-http-client.ts.

import type { WebRequest } from './web-seed.ts';

export interface HttpReply {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty unless the answer is what was asked for: 206 and just that range, or 200 without one. */
  readonly body: Uint8Array;
}

/** Whether what follows the head of an answer is what was asked for: who ignores the range, or a part of it, sends the whole file. */
export function isWanted({ range }: WebRequest, { status, headers }: Omit<HttpReply, 'body'>): boolean {
  if (!range) return status === 200;
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(headers['content-range'] ?? '') ?? [];
  return status === 206 && Number(first) === range.first && Number(last) === range.last;
}

export interface HttpClient {
  /** Asks once, follows nothing. Rejects with ViverError `WEBSEED_FAILED` when no whole answer comes, or a longer one than asked for. */
  get(request: WebRequest): Promise<HttpReply>;
  /** Ends the connections that it keeps; what is under way fails. */
  close(): void;
}

export type MakeHttpClient = () => HttpClient;
