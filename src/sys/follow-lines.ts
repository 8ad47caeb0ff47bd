// The lines of a program's output as they come. A program that never ends its line must not take our memory.

import { StringDecoder } from 'node:string_decoder';

/** A longer line comes in parts. */
export const MAX_LINE_CHARACTERS = 4096;

/** Gives each line of `stream` to `take`, the last one also when it has no end. */
export function followLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) takeParts(line, take);
    while (rest.length > MAX_LINE_CHARACTERS) {
      take(rest.slice(0, MAX_LINE_CHARACTERS));
      rest = rest.slice(MAX_LINE_CHARACTERS);
    }
  });
  stream.on('end', () => {
    if (rest !== '') takeParts(rest, take);
    rest = '';
  });
}

function takeParts(ended: string, take: (line: string) => void): void {
  const line = ended.replace(/\r$/, '');
  for (let at = 0; at === 0 || at < line.length; at += MAX_LINE_CHARACTERS)
    take(line.slice(at, at + MAX_LINE_CHARACTERS));
}
