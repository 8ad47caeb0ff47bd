// One HTTP request from its head to the end of its answer: finds the route, streams content with back-pressure, writes a line about it.
// An error in a handler is a 500 and a line in the log, never the end of the process.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorLine, ViverError } from '../../errors.ts';
import { type BootContent, bytesContent, normalizePath } from '../content.ts';
import { type AnswerHead, contentType, planContentAnswer } from './answer.ts';
import { type HttpAnswer, type HttpRequest, type HttpRoute, matchRoute } from './routes.ts';
import type { HttpServiceOptions } from './service.ts';

/** Pieces of a file: large enough for speed, small enough that a room of slow clients does not eat the memory. */
const PIECE_BYTES = 256 * 1024;
const MAX_BODY_BYTES = 1024 * 1024;

/** Never rejects. */
export async function serveRequest(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: HttpServiceOptions,
): Promise<void> {
  const startMs = performance.now();
  const client = plainAddress(incoming.socket.remoteAddress);
  let bytes = 0;
  let trouble = '';
  try {
    const answer = await route(incoming, client, options.routes, signalOf(response));
    bytes = await send(answer, incoming, response);
  } catch (error) {
    trouble = ` (${errorLine(error)})`;
    fail(response, error);
  }
  const line = `${client} ${incoming.method} ${incoming.url} ${response.statusCode}, ${bytes} bytes, ${Math.round(performance.now() - startMs)} ms`;
  options.log[trouble ? 'warn' : 'info'](line + trouble);
}

/** What to answer, with the status where the answer's kind does not say it. */
type FullAnswer = HttpAnswer | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] };

async function route(
  incoming: IncomingMessage,
  address: string,
  routes: readonly HttpRoute[],
  signal: AbortSignal,
): Promise<FullAnswer> {
  const target = parseTarget(incoming.url ?? '');
  if (!target) return { kind: 'text', status: 400, text: 'bad path\n' };
  const match = matchRoute(routes, incoming.method ?? '', target.path);
  if (match.kind !== 'route') return match;
  const request: HttpRequest = {
    method: incoming.method ?? '',
    path: target.path,
    query: new URLSearchParams(target.rawQuery),
    rawQuery: target.rawQuery,
    client: { address },
    server: { address: plainAddress(incoming.socket.localAddress), port: incoming.socket.localPort ?? 0 },
    signal,
    parameters: match.parameters,
    body: () => readBody(incoming),
  };
  return match.route.handle(request);
}

/** Path and query of a request target; undefined when they make no sense. A proxy's absolute form is understood, too. */
function parseTarget(target: string): { path: string; rawQuery: string } | undefined {
  try {
    const [rawPath = '', rawQuery = ''] = target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 2);
    const decoded = decodeURIComponent(rawPath);
    const path = /^\/*$/.test(decoded) ? '' : normalizePath(decoded);
    return path === undefined ? undefined : { path, rawQuery };
  } catch {
    return undefined;
  }
}

/** An IPv4 address inside IPv6 as IPv4. */
function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}

function signalOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

/** Sends the answer; the number of body bytes that went out. */
async function send(answer: FullAnswer, incoming: IncomingMessage, response: ServerResponse): Promise<number> {
  switch (answer.kind) {
    case 'content': {
      const type = answer.type ?? contentType(incoming.url?.split('?')[0] ?? '');
      try {
        return await sendContent(
          answer.content,
          planContentAnswer(answer.content, type, incoming.headers),
          incoming,
          response,
        );
      } finally {
        await answer.content.close();
      }
    }
    case 'text':
      return sendText(
        answer.text,
        answer.type ?? 'text/plain; charset=utf-8',
        answer.status ?? 200,
        incoming,
        response,
      );
    case 'json':
      return sendText(
        `${JSON.stringify(answer.value)}\n`,
        'application/json',
        answer.status ?? 200,
        incoming,
        response,
      );
    case 'redirect':
      response.setHeader('location', answer.location);
      return sendText('', 'text/plain', 302, incoming, response);
    case 'wrong-method':
      response.setHeader('allow', answer.allowed.join(', '));
      return sendText('method not allowed\n', 'text/plain', 405, incoming, response);
    case 'not-found':
      return sendText('not found\n', 'text/plain', 404, incoming, response);
  }
}

function sendText(
  text: string,
  type: string,
  status: number,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const bytes = new TextEncoder().encode(text);
  const headers = { 'content-type': type, 'content-length': String(bytes.length), 'cache-control': 'no-cache' };
  const head: AnswerHead = { status, headers, body: { offset: 0, length: bytes.length } };
  return sendContent(bytesContent(bytes), head, incoming, response);
}

async function sendContent(
  content: BootContent,
  head: AnswerHead,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  response.writeHead(head.status, head.headers);
  if (!head.body || incoming.method === 'HEAD') {
    response.end();
    return 0;
  }
  const end = head.body.offset + head.body.length;
  let offset = head.body.offset;
  while (offset < end && !response.destroyed) {
    const piece = await content.read(offset, Math.min(PIECE_BYTES, end - offset));
    offset += piece.length;
    if (!response.write(piece) && offset < end) await drained(response);
  }
  if (offset < end) throw new ViverError('HTTP_CLIENT_GONE', `client left after ${offset - head.body.offset} bytes`);
  response.end();
  return head.body.length;
}

/** Resolves when the client has taken what was written, or has gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
    if (response.destroyed) done();
  });
}

/** Before the head: 413 or 500. After it: the connection is cut, so that the client sees that the body is not whole. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const isTooLong = error instanceof ViverError && error.code === 'HTTP_BODY_TOO_LONG';
  response.writeHead(isTooLong ? 413 : 500, { 'content-type': 'text/plain', connection: 'close' });
  response.end(isTooLong ? 'too long\n' : 'internal error\n');
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of incoming) {
    length += (piece as Buffer).length;
    if (length > MAX_BODY_BYTES) {
      throw new ViverError('HTTP_BODY_TOO_LONG', `body of more than ${MAX_BODY_BYTES} bytes`);
    }
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}
