import { expect, test } from 'vitest';
import { replyAddress } from './reply-address.ts';

const none = '0.0.0.0';
const sender = { address: '10.0.0.77', port: 68 };

// RFC 2131 4.1, row by row: giaddr, ciaddr, NAK, port -> address, port, manner.
test.each([
  ['relay', '10.0.0.9', none, false, 67, '10.0.0.9', 67, 'relay'],
  ['relay, and ciaddr', '10.0.0.9', '10.0.0.5', false, 67, '10.0.0.9', 67, 'relay'],
  ['relay, NAK', '10.0.0.9', none, true, 67, '10.0.0.9', 67, 'relay'],
  ['NAK', none, none, true, 67, '255.255.255.255', 68, 'broadcast'],
  ['NAK to a client with an address', none, '10.0.0.5', true, 67, '255.255.255.255', 68, 'broadcast'],
  ['client with an address', none, '10.0.0.5', false, 67, '10.0.0.5', 68, 'unicast'],
  ['client without', none, none, false, 67, '255.255.255.255', 68, 'broadcast'],
  ['boot service port', none, '10.0.0.5', false, 4011, '10.0.0.77', 68, 'sender'],
])('%s', (_row, giaddr, ciaddr, isNak, arrivedOn, address, port, how) => {
  expect(replyAddress({ giaddr, ciaddr, isNak, arrivedOn, sender })).toEqual({ address, port, how });
});

test('a sender without an address on the boot service port is answered by broadcast', () => {
  const question = { giaddr: none, ciaddr: none, isNak: false, arrivedOn: 4011, sender: { address: none, port: 68 } };
  expect(replyAddress(question).how).toBe('broadcast');
});
