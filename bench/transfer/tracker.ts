// A tracker (BEP 3, 23) that names one peer to all others: aria2 and Transmission are told of a peer in no other way.

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
  const others = Buffer.concat([Buffer.from('d8:intervali60e5:peers6:'), peer, Buffer.from('e')]);
  const itself = Buffer.from('d8:intervali60e5:peers0:e');
  const server = createServer(({ url }, response) => response.end(url!.includes(`&port=${port}&`) ? itself : others));
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return {
    announce: `http://${HOST}:${(server.address() as AddressInfo).port}/announce`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
