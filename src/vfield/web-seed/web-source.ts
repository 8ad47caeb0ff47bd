// Pieces from one web seed. The hashes are checked by who asked, as with every peer.

import type { MetainfoCore } from '../metainfo.ts';
import { askWeb, refused, sizeOf, type WebAnswer } from './ask-web.ts';
import type { HttpClient } from './http-client.ts';
import { probeRequest, type WebRequest, type WebSeed, webRequest } from './web-seed.ts';

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

  /** Rejects as `askWeb` when the image can't be had from here. */
  async probe(): Promise<void> {
    const request = probeRequest(this.seed, this.#metainfo);
    const size = sizeOf(await this.#ask(request));
    if (request.range && size !== undefined && size < this.#metainfo.lengthBytes) {
      throw refused(`the file has ${size} bytes, the image ${this.#metainfo.lengthBytes}`);
    }
  }

  /** The bytes of `count` pieces from `piece` on. Rejects as `askWeb`. */
  async pieces(piece: number, count: number): Promise<Uint8Array> {
    return (await this.#ask(webRequest(this.seed, this.#metainfo, piece, count))).body;
  }

  async #ask(request: WebRequest): Promise<WebAnswer> {
    const answer = await askWeb(this.#client, { ...request, url: this.#movedTo ?? request.url });
    // A script's address has the piece in it, and may lead to another place for each.
    if (this.seed.kind === 'file') this.#movedTo = answer.url;
    return answer;
  }
}
