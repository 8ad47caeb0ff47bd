// A tracker (BEP 3, 23) that names one peer: aria2 and Transmission are told of a peer in no other way.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOST } from './way.ts';

export interface Tracker {
  readonly announce: string;
  close(): void;
}

/** @param port Of the peer. */
export async function startTracker(port: number): Promise<Tracker> {
  const peer = Buffer.from([...HOST.split('.').map(Number), port >> 8, port & 255]);
  const answer = Buffer.concat([Buffer.from('d8:intervali60e5:peers6:'), peer, Buffer.from('e')]);
  const server = createServer((_, response) => response.end(answer));
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return {
    announce: `http://${HOST}:${(server.address() as AddressInfo).port}/announce`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
