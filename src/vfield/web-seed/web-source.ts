// Pieces from one web seed: builds the requests, follows redirects, and checks that an answer is what was asked for. The hashes are checked by who
// asked, as with every peer.

import { ViverError } from '../../errors.ts';
import type { MetainfoCore } from '../metainfo.ts';
import type { HttpClient, HttpReply } from './http-client.ts';
import { isWebUrl, probeRequest, type WebRequest, type WebSeed, webRequest } from './web-seed.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

export class WebSource {
  readonly seed: WebSeed;
  readonly #metainfo: MetainfoCore;
  readonly #client: HttpClient;
  /** Where a redirect led, so that the next request goes there at once. */
  #movedTo: string | undefined;

  constructor(seed: WebSeed, metainfo: MetainfoCore, client: HttpClient) {
    this.seed = seed;
    this.#metainfo = metainfo;
    this.#client = client;
  }

  /** Rejects with the reason why the image can't be had from here: `WEBSEED_REFUSED` by what the server says, `WEBSEED_FAILED` without an answer. */
  async probe(): Promise<void> {
    const request = probeRequest(this.seed, this.#metainfo);
    const reply = await this.#ask(request);
    const size = sizeOf(reply);
    if (request.range && size !== undefined && size < this.#metainfo.lengthBytes) {
      throw refused(`the file has ${size} bytes, the image ${this.#metainfo.lengthBytes}`);
    }
  }

  /** The bytes of `count` pieces from `piece` on. Rejects as `probe`. */
  async pieces(piece: number, count: number): Promise<Uint8Array> {
    return (await this.#ask(webRequest(this.seed, this.#metainfo, piece, count))).body;
  }

  async #ask(request: WebRequest): Promise<HttpReply> {
    let url = this.#movedTo ?? request.url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const reply = await this.#client.get({ ...request, url });
      if (!REDIRECTS.includes(reply.status)) return checked(request, reply);
      url = redirectTarget(reply, url);
      // A script's address has the piece in it, and may lead to another place for each.
      if (this.seed.kind === 'file') this.#movedTo = url;
    }
    throw refused(`more than ${MAX_REDIRECTS} redirects`);
  }
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
  const given = /^bytes (\d+)-(\d+)\//.exec(reply.headers['content-range'] ?? '');
  if (range && (Number(given?.[1]) !== range.first || Number(given?.[2]) !== range.last)) {
    throw refused(`asked for bytes ${range.first}-${range.last}, got "${reply.headers['content-range'] ?? ''}"`);
  }
  return reply;
}

/** Bytes of the whole file, where the server says it. */
function sizeOf(reply: HttpReply): number | undefined {
  const size = /\/(\d{1,15})$/.exec(reply.headers['content-range'] ?? '')?.[1];
  return size === undefined ? undefined : Number(size);
}

function refused(reason: string): ViverError {
  return new ViverError('WEBSEED_REFUSED', `web seed: ${reason}`, { retryable: true });
}
