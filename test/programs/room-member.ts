// A member of a room as a process, for tests: says on its output whom it sees and what its calls came to.
//
//   room-member.ts NAME ADDRESS KEYBYTE SEED..       KEYBYTE: each byte of the key

import { joinCluster } from '../../src/cluster/connect.ts';

const [name, address, keyByte, ...seeds] = process.argv.slice(2) as [string, string, string, ...string[]];
const cluster = await joinCluster({
  name,
  address,
  seeds,
  key: new Uint8Array(32).fill(Number(keyByte)),
  port: 7007,
  labels: { secret: 'label-that-nobody-reads-along' },
  handlers: {
    call: async (from, { request }) => ({ to: from.name, by: name, request }),
    event: (from, { data }) => say(`event ${from.name} ${data}`),
  },
});
cluster.listen([{ name: 'room', version: 1 }]);
cluster.onChange(({ kind, member }) => {
  if (kind !== 'changed') say(`${kind} ${member.name} ${member.id}`);
  say(
    `sees ${cluster
      .members()
      .map((one) => one.name)
      .sort()
      .join(' ')}`,
  );
});
say(`up ${cluster.self.id}`);
const calls = setInterval(() => void callAll(), 500);
process.once('SIGTERM', async () => {
  clearInterval(calls);
  await cluster.leave();
  say('bye');
});

async function callAll(): Promise<void> {
  const others = cluster.members().filter(({ id }) => id !== cluster.self.id);
  const ask = async (member: (typeof others)[number]) => {
    const request = 'request-that-nobody-reads-along';
    const reply = await cluster.call(member.id, { interfaceName: 'room', version: 1, method: 'ask', request }, 2000);
    if (JSON.stringify(reply) !== JSON.stringify({ to: name, by: member.name, request }))
      throw new Error('a wrong answer');
    return member.name;
  };
  const answers = await Promise.all(others.map((member) => ask(member).catch((error) => `-${error.code ?? error}`)));
  say(`answers ${answers.sort().join(' ')}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
