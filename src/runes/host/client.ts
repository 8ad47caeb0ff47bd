// The asking end of an interface: one function per call. The request is checked before it leaves, the reply when it comes.

import { type AnyInterface, type CallShape, checkMessage } from '../contract/interface.ts';

type Send = (method: string, request: unknown, shape: CallShape) => Promise<unknown>;

/** @param who For errors: `dhcp asks`; the interface and the call follow. */
export function clientOf(
  it: AnyInterface,
  who: string,
  send: Send,
): Readonly<Record<string, (request: unknown) => unknown>> {
  const client: Record<string, (request: unknown) => unknown> = {};
  for (const [method, shape] of Object.entries<CallShape>(it.calls)) {
    const what = `${who} ${it.name}.${method}`;
    client[method] = async (request) => {
      const reply = await send(method, checkMessage(shape.request, request, `${what}: request`), shape);
      return checkMessage(shape.reply, reply, `${what}: reply`);
    };
  }
  return Object.freeze(client);
}
