// The port on which a node waits for others unless it is told another one.

import { createServer } from 'node:net';

/** The port of BitTorrent peers by old habit. */
export const FIELD_PORT = 6881;

/** True when nobody on this machine listens there now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
