// A file over TCP by Node's own streams, as one writes it without thinking: node-copy.ts receive|send HOST PORT FILE

import { createReadStream, createWriteStream } from 'node:fs';
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream/promises';

const [role, host, port, file] = process.argv.slice(2) as [string, string, string, string];
const CHUNK = { highWaterMark: 2 ** 18 };
if (role === 'send') {
  await pipeline(createReadStream(file, CHUNK), connect({ host, port: Number(port) }));
} else {
  const server = createServer(CHUNK, async (socket) => {
    server.close();
    await pipeline(socket, createWriteStream(file, CHUNK));
  });
  server.listen(Number(port), host);
}
