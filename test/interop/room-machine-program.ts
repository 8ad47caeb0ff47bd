// A machine of a room, for tests: the runes of a role in their thread, as the initrd's program starts them. What it is given lies in a file, as JSON.

import { readFileSync } from 'node:fs';
import { createLog } from '../../src/log.ts';
import { type StartOptions, startRuneHost } from '../../src/runes/host/start.ts';
import { sampleFacts } from '../../src/runes/testing/room.ts';

/** What the file says; the key as base64url. */
export type RoomMachine = Pick<StartOptions, 'role' | 'folders' | 'settings'> & {
  readonly room: Omit<NonNullable<StartOptions['room']>, 'key'> & { readonly key: string };
};

const { room, ...given } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as RoomMachine;
const log = createLog((level, area, message) => console.log(level, area, message), '', 'info');
const runes = await startRuneHost({
  ...given,
  stage: 'serve',
  facts: { ...sampleFacts, role: given.role },
  log,
  inWorker: true,
  room: { ...room, key: new Uint8Array(Buffer.from(room.key, 'base64url')) },
  onMembers: (members) => {
    const names = members.map(({ name }) => name).sort();
    console.log(`members ${names.join(' ')}`);
  },
});
console.log(`report ${JSON.stringify(runes.report)}`);
console.log('ready');
process.on('SIGUSR2', async () => {
  await runes.stop();
  console.log('stopped');
  process.exit();
});
