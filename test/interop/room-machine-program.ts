// A machine of a room for room-processes.test.ts: one foreign rune in the runes' thread, as the initrd's program starts them. Everything comes as JSON.

import { createLog } from '../../src/log.ts';
import { startRuneHost } from '../../src/runes/host/start.ts';
import { sampleFacts } from '../../src/runes/testing/room.ts';

const { rune, text, room } = JSON.parse(process.argv[2]!);
const log = createLog((level, area, message) => console.log(level, area, message), '', 'info');
const runes = await startRuneHost({
  role: 'test',
  stage: 'serve',
  facts: sampleFacts,
  log,
  inWorker: true,
  folders: [
    {
      roles: { path: 'test', text: `test: ${rune}` },
      runes: [{ path: `medium:/etc/RUNES/runes/${rune}.ts`, text }],
    },
  ],
  room: { ...room, key: new Uint8Array(Buffer.from(room.key, 'base64url')) },
  onMembers: (members) =>
    console.log(
      `members ${members
        .map(({ name }) => name)
        .sort()
        .join(' ')}`,
    ),
});
console.log(JSON.stringify(runes.report));
console.log('ready');
process.on('SIGUSR2', async () => {
  await runes.stop();
  console.log('stopped');
  process.exit();
});
