// One request to a web server as a web seed needs it answered: redirects are followed, and what comes must be exactly what was asked for.

import { ViverError } from '../../errors.ts';
import { type HttpClient, type HttpReply, isWanted } from './http-client.ts';
import { isWebUrl, type WebRequest } from './web-seed.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

export interface WebAnswer extends HttpReply {
  /** Where the redirects led. */
  readonly url: string;
}

/** Rejects with `WEBSEED_REFUSED` by what the server says, `WEBSEED_FAILED` without an answer. */
export async function askWeb(client: HttpClient, request: WebRequest): Promise<WebAnswer> {
  let { url } = request;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const reply = await client.get({ ...request, url });
    if (!REDIRECTS.includes(reply.status)) return { ...checked(request, reply), url };
    url = redirectTarget(reply, url);
  }
  throw refused(`more than ${MAX_REDIRECTS} redirects`);
}

/** Bytes of the whole file, where the server says it. */
export function sizeOf(reply: HttpReply): number | undefined {
  const size = /\/(\d{1,15})$/.exec(reply.headers['content-range'] ?? '')?.[1];
  return size === undefined ? undefined : Number(size);
}

export function refused(reason: string): ViverError {
  return new ViverError('WEBSEED_REFUSED', `web seed: ${reason}`, { retryable: true });
}

function redirectTarget({ headers, status }: HttpReply, from: string): string {
  const target = URL.parse(headers.location ?? '', from)?.href ?? '';
  if (!isWebUrl(target)) throw refused(`${status} leads to no HTTP address`);
  return target;
}

function checked(request: WebRequest, reply: HttpReply): HttpReply {
  const { range } = request;
  if (reply.status === 200 && range) throw refused('200 instead of 206: the server gives no ranges');
  if (reply.status !== (range ? 206 : 200)) throw refused(`status ${reply.status}`);
  if (range && !isWanted(request, reply)) {
    throw refused(`asked for bytes ${range.first}-${range.last}, got "${reply.headers['content-range'] ?? ''}"`);
  }
  return reply;
}
