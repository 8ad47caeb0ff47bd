import { expect, test } from 'vitest';
import { silentLog } from '../src/log.ts';
import { FakeSys } from '../src/sys/fake.ts';
import { connect, letGoOfOthers } from './network.ts';

/** Two cards with a link: the one on the mainboard, and the one that the firmware booted from. */
function machine() {
  const card = (name: string, mac: string) => ({
    [`/sys/class/net/${name}/device/vendor`]: '0x8086\n',
    [`/sys/class/net/${name}/type`]: '1\n',
    [`/sys/class/net/${name}/address`]: `${mac}\n`,
    [`/sys/class/net/${name}/carrier`]: '1\n',
  });
  const sys = new FakeSys({ ...card('eth0', '52:54:00:00:00:01'), ...card('eth1', '52:54:00:00:00:02') });
  const calls: string[] = [];
  sys.programs.set('ip', (args) => {
    calls.push(args.join(' '));
    return {};
  });
  sys.programs.set('@viver/busybox', (args) => {
    const nic = args[args.indexOf('-i') + 1];
    calls.push(`udhcpc ${nic}`);
    return { stdout: `event=bound interface=${nic} address=10.0.0.7 netmask=255.255.255.0 server=10.0.0.1\n` };
  });
  return { effects: { sys, log: silentLog, sysRoot: '/sys', sleep: async () => {} }, calls };
}

test('a diskless PC asks on the card that it booted from, and on no other', async () => {
  const { effects, calls } = machine();
  const found = await connect(effects, { network: 'auto', bootMac: '52:54:00:00:00:02' }, { needed: true });
  expect(found).toMatchObject({ name: 'eth1', address: '10.0.0.7' });
  expect(calls.filter((call) => call.startsWith('udhcpc'))).toEqual(['udhcpc eth1']);
});

test('without a card to prefer, it asks on all', async () => {
  const { effects, calls } = machine();
  await connect(effects, { network: 'auto' }, { needed: true });
  expect(calls.filter((call) => call.startsWith('udhcpc'))).toEqual(['udhcpc eth0', 'udhcpc eth1']);
});

test('the other cards are set down', async () => {
  const { effects, calls } = machine();
  await letGoOfOthers(effects, { name: 'eth1', mac: '52:54:00:00:00:02' });
  expect(calls).toEqual(['link set eth0 down']);
});
