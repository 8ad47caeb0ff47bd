// Takes the types out of rune files, in a process of its own: the compiler for that takes 10 MB, which would stay in each rune's process. What is no TypeScript
// is left out of the answer; the rune's own process then finds the fault, with its line.

import { stripTypeScriptTypes } from 'node:module';
import { Socket } from 'node:net';
import { confineThisProcess } from '../../sys/confine-this-process.ts';
import { MEMORY_BYTES } from './foreign-messages.ts';
import { FramePort } from './frame-port.ts';
import { MessageLink } from './message-link.ts';

confineThisProcess(MEMORY_BYTES);

function stripped(text: string): string | undefined {
  try {
    return stripTypeScriptTypes(text);
  } catch {
    return undefined;
  }
}

const pipe = new Socket({ fd: 3 });
pipe.on('close', () => process.exit());
new MessageLink(new FramePort(pipe, () => process.exit(1)), { ask: { strip: stripped }, tell: {} });
