// Routes as data: a method, a path and who answers. Pure. A path is literal parts, `:name` for one part, `*` at the end for all the rest.

import type { BootContent, OpenBootContent } from '../content.ts';

export interface HttpRequest {
  readonly method: string;
  /** Decoded, in the form of normalizePath(); empty for `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query as it came: a tracker's has bytes that are no text. */
  readonly rawQuery: string;
  readonly client: { readonly address: string };
  /** Our end of the connection. */
  readonly server: { readonly address: string; readonly port: number };
  /** Aborted when the client has gone: what is still waited for then needs no answer. */
  readonly signal: AbortSignal;
  /** What `:name` and `*` stood for. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The whole body; rejects with ViverError HTTP_BODY_TOO_LONG. */
  body(): Promise<Uint8Array>;
}

export type HttpAnswer =
  | { readonly kind: 'content'; readonly content: BootContent; readonly type?: string }
  | { readonly kind: 'text'; readonly text: string; readonly type?: string; readonly status?: number }
  | { readonly kind: 'json'; readonly value: unknown; readonly status?: number }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'not-found' };

export interface HttpRoute {
  /** GET answers HEAD too. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  handle(request: HttpRequest): Promise<HttpAnswer>;
}

export type RouteMatch =
  | { readonly kind: 'route'; readonly route: HttpRoute; readonly parameters: Readonly<Record<string, string>> }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] };

/** The first route that suits; 405 with the methods that would, where only the method is wrong. */
export function matchRoute(routes: readonly HttpRoute[], method: string, path: string): RouteMatch {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const allowed = new Set<string>();
  for (const route of routes) {
    const parameters = matchPath(route.path, path);
    if (!parameters) continue;
    if (route.method === wanted) return { kind: 'route', route, parameters };
    allowed.add(route.method);
    if (route.method === 'GET') allowed.add('HEAD');
  }
  return allowed.size > 0 ? { kind: 'wrong-method', allowed: [...allowed].sort() } : { kind: 'not-found' };
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/').filter(Boolean);
  const parts = path.split('/').filter(Boolean);
  const parameters: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    if (part === '*') return { ...parameters, '*': parts.slice(index).join('/') };
    const given = parts[index];
    if (given === undefined) return undefined;
    if (part.startsWith(':')) parameters[part.slice(1)] = given;
    else if (part !== given) return undefined;
  }
  return wanted.length === parts.length ? parameters : undefined;
}

/** The route that hands out all that `open` gives: `GET /*`. Put it last. */
export function contentRoute(open: OpenBootContent): HttpRoute {
  return {
    method: 'GET',
    path: '/*',
    handle: async ({ path, client }) => {
      const content = await open(path, client);
      return content ? { kind: 'content', content } : { kind: 'not-found' };
    },
  };
}
