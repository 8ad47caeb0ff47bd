// A transport whose chunks lie in one buffer that is overwritten after each call, as the TCP transport's do: who keeps a view instead of a copy reads garbage.

import type { DuplexHandlers, DuplexOwner, Transport } from '../../src/vfield/transport.ts';

const memory = new Uint8Array(262_144);
const NOISE = 0xdb;

export function withReusedMemory(transport: Transport): Transport {
  const wrapped =
    (owner: DuplexOwner): DuplexOwner =>
    (duplex) =>
      overwriting(owner(duplex));
  return {
    listen: (address, accept) => transport.listen(address, wrapped(accept)),
    connect: (address, owner) => transport.connect(address, wrapped(owner)),
  };
}

function overwriting(handlers: DuplexHandlers): DuplexHandlers {
  return {
    ...handlers,
    onData: (chunk) => {
      for (let at = 0; at < chunk.length; at += memory.length) {
        const part = chunk.subarray(at, at + memory.length);
        memory.set(part);
        handlers.onData(memory.subarray(0, part.length));
        memory.fill(NOISE, 0, part.length);
      }
    },
  };
}
