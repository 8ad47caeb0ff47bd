// Rune room-hosts as a member of a real room, for room-hosts.test.ts: `room-hosts-program.ts '{"name", "address", "seeds", "file"}'`.

import { joinCluster } from '../../src/cluster/connect.ts';
import { createLog } from '../../src/log.ts';
import { roomHosts } from '../../src/runes/builtin/serve/room-hosts.ts';
import { startRuneHost } from '../../src/runes/host/start.ts';

const { name, address, seeds, file } = JSON.parse(process.argv[2]!);
const runes = await startRuneHost({
  ...{ role: 'test', stage: 'serve', inWorker: false, builtin: [roomHosts] },
  facts: { role: 'test', kernelRelease: '', commandLine: '', nics: [] },
  folders: [{ roles: { path: 'test', text: 'test: room-hosts' }, runes: [] }],
  settings: { 'room-hosts': { file } },
  room: { key: new Uint8Array(32).fill(1), name, address, port: 6882, seeds, labels: {} },
  joinRoom: (options) => joinCluster(options),
  log: createLog((level, area, message) => console.log(level, area, message)),
});
console.log('ready');
process.on('SIGUSR2', async () => {
  await runes.stop();
  process.exit();
});
