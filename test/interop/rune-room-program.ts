// The serve runes as the initrd's program starts them, in their own thread, for rune-room.test.ts: the facts come as JSON.

import { createLog } from '../../src/log.ts';
import { startRuneHost } from '../../src/runes/host/start.ts';

const log = createLog((level, area, message) => console.log(level, area, message), '', 'debug');
const runes = await startRuneHost({
  role: 'first',
  stage: 'serve',
  facts: JSON.parse(process.argv[2]!),
  log: log.child('runes'),
  inWorker: true,
  services: { field: { status: () => ({ infoHash: 'abcd', sizeBytes: 4096, pieces: 1, held: 1, peers: [] }) } },
});
console.log(`report ${JSON.stringify(runes.report)}`);
console.log('ready');
process.on('SIGUSR2', async () => {
  await runes.stop();
  console.log('stopped');
  process.exit();
});
