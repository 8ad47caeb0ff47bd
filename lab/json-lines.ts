// JSON objects, one per line: what QMP, the guest agent and the room's control socket speak. Push decoder, pure.

import { ViverError } from '../src/errors.ts';

/** Longest line taken; the guest agent answers with at most 16 MiB of captured output, in base64. */
export const MAX_LINE_BYTES = 32 << 20;

/** The guest agent sends this byte before the answer to guest-sync-delimited; it never occurs in JSON. */
const DELIMITER = 0xff;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Cuts a byte stream into JSON objects. Lines that are no object are passed over: after a reset half a line may come. */
export class JsonLines {
  #pieces: Uint8Array[] = [];
  #held = 0;

  /** @throws ViverError LAB_LINE_LENGTH when a line does not end. */
  push(chunk: Uint8Array): JsonObject[] {
    const objects: JsonObject[] = [];
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const object = parseLine(this.#take(chunk.subarray(start, end)));
      if (object) objects.push(object);
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return objects;
  }

  #take(last: Uint8Array): Uint8Array {
    const line = Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#held = 0;
    return line;
  }

  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#held += rest.length;
    if (this.#held > MAX_LINE_BYTES)
      throw new ViverError('LAB_LINE_LENGTH', `a line of ${this.#held} bytes has no end`);
    this.#pieces.push(rest);
  }
}

export function encodeJsonLine(object: JsonObject): string {
  return `${JSON.stringify(object)}\n`;
}

function parseLine(line: Uint8Array): JsonObject | undefined {
  const text = Buffer.from(line.subarray(line.lastIndexOf(DELIMITER) + 1)).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
