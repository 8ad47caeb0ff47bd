// Whoever means a room no good, as a process, for tests.
//
//   room-offender.ts ADDRESS KEYBYTE TARGET VICTIM       with the key: a member that lies, to TARGET, about the member with the id VICTIM
//   room-offender.ts ADDRESS none TARGET                 without: noise and silence on its port

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame, FRAME_KINDS, type FrameKind } from '../../src/cluster/mesh/frames.ts';
import { encodeHello } from '../../src/cluster/mesh/hello.ts';
import { linkKey, secureSocket } from '../../src/cluster/mesh/secure-sockets.ts';

const [address, keyByte, target, victim] = process.argv.slice(2) as [string, string, string, string?];
const PORT = 7007;
const NOISE_BYTES = 1024 * 1024;

/** Each lie on a connection of its own, since most of them end it. */
const LIES: readonly [FrameKind, string][] = [
  [FRAME_KINDS.info, 'no json'],
  [
    FRAME_KINDS.info,
    JSON.stringify({ seq: 1e300, instanceID: 'x', metadata: { name: '__proto__', labels: { a: 1 } } }),
  ],
  [FRAME_KINDS.request, JSON.stringify({ id: 'a', action: '$node.list', params: {} })],
  [FRAME_KINDS.request, `${JSON.stringify({ id: 'a', action: 'room.call', params: { name: {} } })}\n{"$bytes":7}`],
  [FRAME_KINDS.response, JSON.stringify({ id: 'never asked', answer: { error: null } })],
  [FRAME_KINDS.addresses, Array.from({ length: 1000 }, (_, at) => `10.99.${at >> 8}.${at & 255}:7007`).join(',')],
  [FRAME_KINDS.lost, '0'],
  [FRAME_KINDS.disconnect, ''],
  [FRAME_KINDS.request, 'x'.repeat(4 * 1024 * 1024 - 16)],
];

if (keyByte === 'none') {
  for (let at = 0; at < 40; at++) {
    const socket = connect({ host: target, port: PORT, localAddress: address });
    socket.on('error', () => {});
    if (at % 2 === 0) socket.write(randomBytes(NOISE_BYTES));
  }
  await sleep(8000);
} else {
  const key = linkKey(new Uint8Array(32).fill(Number(keyByte)));
  for (const [kind, body] of LIES) for (const id of ['liar~1', victim!]) await lie(id, encodeFrame(kind, body));
  const huge = Buffer.alloc(1024 * 1024, FRAME_KINDS.request);
  huge.writeUInt32BE(0xff_ff_ff_ff);
  await lie('liar~2', huge);

  async function lie(id: string, bytes: Uint8Array): Promise<void> {
    const socket = secureSocket(key, target, PORT, address);
    socket.on('error', () => {});
    await once(socket.resume(), 'secureConnect');
    socket.write(encodeFrame(FRAME_KINDS.hello, encodeHello({ id, address: `${address}:${PORT}` })));
    await sleep(100);
    socket.write(bytes);
    await sleep(300);
    process.stdout.write(`${id}: ${socket.destroyed ? 'cut off' : 'borne'}\n`);
    socket.destroy();
  }
}
process.stdout.write('done\n');
process.exit();
