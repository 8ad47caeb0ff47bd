// The HttpClient over node:http and node:https, with connections that are kept. Both come with the first request: most nodes have no web seed.

import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { errorLine, ViverError } from '../../errors.ts';
import { type HttpClient, type HttpReply, isWanted } from './http-client.ts';
import type { WebRequest } from './web-seed.ts';

/** Without a byte for so long, an answer is given up. */
const SILENCE_MS = 10_000;
/** Read-ahead of one piece, and what somebody waits for beside it. */
const MAX_SOCKETS = 4;

export function nodeHttpClient(): HttpClient {
  const agents = new Map<string, Agent>();
  const open = (url: URL, options: RequestOptions, onReply: (reply: IncomingMessage) => void): ClientRequest => {
    const { request, Agent } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
    const agent = agents.get(url.protocol) ?? new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
    agents.set(url.protocol, agent);
    return request(url, { ...options, agent, timeout: SILENCE_MS }, onReply);
  };
  return {
    get: (wanted) => get(wanted, open),
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

type Open = (url: URL, options: RequestOptions, onReply: (reply: IncomingMessage) => void) => ClientRequest;

function get(wanted: WebRequest, open: Open): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(new ViverError('WEBSEED_FAILED', `web seed: ${errorLine(cause)}`, { cause, retryable: true }));
    const request = open(new URL(wanted.url), { headers: headersOf(wanted) }, (incoming) => {
      const reply = { status: incoming.statusCode ?? 0, headers: plainHeaders(incoming) };
      if (isWanted(wanted, reply)) {
        readBody(incoming, wanted.bytes).then((body) => resolve({ ...reply, body }), fail);
      } else {
        // Nobody wants to read it to its end: the whole image may come instead of a range.
        incoming.destroy();
        resolve({ ...reply, body: new Uint8Array(0) });
      }
    });
    request.on('timeout', () => request.destroy(new Error(`says nothing for ${SILENCE_MS / 1000} s`)));
    request.on('error', fail);
    request.end();
  });
}

function headersOf({ range }: WebRequest): Record<string, string> {
  const common = { 'accept-encoding': 'identity', 'user-agent': 'Viver/0.1' };
  return range ? { ...common, range: `bytes=${range.first}-${range.last}` } : common;
}

function plainHeaders(incoming: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

async function readBody(incoming: IncomingMessage, bytes: number): Promise<Uint8Array> {
  const body = new Uint8Array(bytes);
  let filled = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    if (chunk.length > bytes - filled) throw new Error(`sends more than the ${bytes} bytes asked for`);
    body.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled < bytes) throw new Error(`sends ${filled} of ${bytes} bytes`);
  return body;
}
