// A small file from the web, with a limit on its size and on the patience with its server.

import { errorLine, ViverError } from '../errors.ts';

const PATIENCE_MS = 30_000;

/** @throws ViverError FIELD_DOWNLOAD when it does not come whole within 30 s, or has more than `limitBytes`. */
export async function download(url: string, limitBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
    if (!answer.ok) throw new ViverError('FIELD_DOWNLOAD', `the server answered ${answer.status}`);
    return await collect(answer, limitBytes);
  } catch (error) {
    signal.throwIfAborted();
    throw new ViverError('FIELD_DOWNLOAD', `${url}: ${reasonOf(error)}`, { cause: error });
  }
}

async function collect(answer: Response, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > limitBytes) throw new ViverError('FIELD_DOWNLOAD', `more than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `fetch failed` says nothing; its cause says `connect ECONNREFUSED …`. */
function reasonOf(error: unknown): string {
  return errorLine(error instanceof Error && error.cause instanceof Error ? error.cause : error);
}
