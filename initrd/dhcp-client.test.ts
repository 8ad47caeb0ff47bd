import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';
import { FakeSys } from '../src/sys/fake.ts';
import { keepLease } from './dhcp-client.ts';
import type { NetworkFacts } from './network.ts';

const network: NetworkFacts = {
  ...{ name: 'eth0', mac: '52:54:00:00:00:01', address: '10.77.0.9', netmask: '255.255.255.0', prefixLength: 24 },
  ...{ routers: [], dnsServers: [], origin: 'dhcp' },
};

/** What was killed, what the new client was started with, and what was said when the server answers with `address`. */
async function keep(files: Record<string, string>, address: string) {
  const sys = new FakeSys(files);
  const killed: string[] = [];
  const started: string[] = [];
  const lines: string[] = [];
  sys.programs.set('kill', ([pid]) => {
    killed.push(pid!);
    return {};
  });
  sys.programs.set('@viver/busybox', (args) => {
    started.push(args.join(' '));
    return { stdout: `event=bound interface=eth0 address=${address} netmask=255.255.255.0\n` };
  });
  const log = createLog((_level, _area, message) => lines.push(message));
  await keepLease(sys, log, network);
  await Promise.resolve();
  return { killed, started, lines };
}

test('the client that was left is ended, and a new one asks for the same address', async () => {
  const { killed, started, lines } = await keep(
    { '/run/udhcpc.eth0.pid': '321\n', '/proc/321/cmdline': '@viver/busybox\0udhcpc\0-f\0' },
    '10.77.0.9',
  );
  expect(killed).toEqual(['321']);
  expect(started).toEqual([expect.stringMatching(/^udhcpc -f -i eth0 .*-r 10\.77\.0\.9$/)]);
  expect(lines).toEqual([]);
});

test.each([
  ['another program has its number', { '/run/udhcpc.eth0.pid': '321\n', '/proc/321/cmdline': '/usr/sbin/sshd\0-D\0' }],
  ['it has ended', { '/run/udhcpc.eth0.pid': '321\n' }],
  ['there never was one', {}],
])('nobody is ended when %s', async (_when, files) => {
  expect((await keep(files, '10.77.0.9')).killed).toEqual([]);
});

test('another address is said, and not taken', async () => {
  expect((await keep({}, '10.77.0.10')).lines).toEqual([
    'eth0: the DHCP server now says 10.77.0.10; 10.77.0.9 is kept, the root hangs on it',
  ]);
});
