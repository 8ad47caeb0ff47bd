// The serve runes as the initrd's program starts them, in their own thread, for rune-room.test.ts: the facts come
// as JSON, the medium as a folder.

import { createLog } from '../../src/log.ts';
import { createDirectoryFiles } from '../../src/runes/files/directory-files.ts';
import { startRuneHost } from '../../src/runes/host/start.ts';
import { readRuneFolder } from '../../src/runes/roles/rune-folder.ts';

const log = createLog((level, area, message) => console.log(level, area, message), '', 'debug');
const runes = await startRuneHost({
  role: 'first',
  stage: 'serve',
  facts: JSON.parse(process.argv[2]!),
  folders: [await readRuneFolder(createDirectoryFiles(process.argv[3]!), 'medium', '/RUNES')],
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
