import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { QmpClient, type QmpEvent } from './qmp.ts';

// Captured from QEMU 7.2.22 by -qmp stdio.
const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian 1:7.2+dfsg-7+deb12u18+b3"}, "capabilities": ["oob"]}}\r\n';
const RESET =
  '{"timestamp": {"seconds": 1795239594, "microseconds": 489227}, "event": "RESET", "data": {"guest": false, "reason": "host-qmp-system-reset"}}\r\n';
const REFUSED = '"error": {"class": "CommandNotFound", "desc": "The command nonsense has not been found"}}\r\n';
const STATUS = '"return": {"status": "running", "singlestep": false, "running": true}}\r\n';

/** The monitor's end: keeps what was asked, says what the test says. */
class Monitor extends Duplex {
  readonly asked: { execute: string; id: number }[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.asked.push(JSON.parse(chunk.toString()));
    done();
  }
}

function connect() {
  const monitor = new Monitor();
  const client = new QmpClient(monitor);
  monitor.push(GREETING);
  return { monitor, client };
}

test('capabilities first; answers find their question, in any order, cut anywhere', async () => {
  const { monitor, client } = connect();
  const status = client.execute('query-status');
  const nonsense = client.execute('nonsense');
  await turn();
  expect(monitor.asked.map((asked) => asked.execute)).toEqual(['qmp_capabilities', 'query-status', 'nonsense']);
  const text = `{"id": 3, ${REFUSED}${RESET}{"id": 2, ${STATUS}`;
  for (const character of text) monitor.push(character);
  await expect(nonsense).rejects.toThrow('The command nonsense has not been found');
  expect(await status).toEqual({ status: 'running', singlestep: false, running: true });
});

test('events are told', async () => {
  const { monitor, client } = connect();
  const events: QmpEvent[] = [];
  client.onEvent((event) => events.push(event));
  monitor.push(RESET);
  await turn();
  expect(events).toEqual([{ name: 'RESET', data: { guest: false, reason: 'host-qmp-system-reset' } }]);
});

test('a question does not wait for ever: silence, the end of QEMU, asking after it', async () => {
  const { monitor, client } = connect();
  await expect(client.execute('query-status', {}, 20)).rejects.toThrow('no answer to query-status in 0.02 s');
  const asked = client.execute('stop');
  monitor.destroy();
  await expect(asked).rejects.toThrow('QEMU has ended');
  await expect(client.execute('cont')).rejects.toThrow('QEMU has ended');
});

test('lines that are no JSON are passed over', async () => {
  const { monitor, client } = connect();
  const status = client.execute('query-status');
  monitor.push(`half a li\n[1]\n"x"\n{"id": 2, ${STATUS}`);
  expect(await status).toMatchObject({ running: true });
});
