// GET over HTTP as the web seeds need it: the one effect that they have. The real one is node-http-client.ts.

import type { WebRequest } from './web-seed.ts';

export interface HttpReply {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty unless the answer is what was asked for: 206 for a range, 200 without one. */
  readonly body: Uint8Array;
}

export interface HttpClient {
  /** Asks once, follows nothing. Rejects with ViverError `WEBSEED_FAILED` when no whole answer comes, or a longer one than asked for. */
  get(request: WebRequest): Promise<HttpReply>;
  /** Ends the connections that it keeps; what is under way fails. */
  close(): void;
}

export type MakeHttpClient = () => HttpClient;
