import { expect, test } from 'vitest';
import { parseRanges } from '../../runtime/addresses.ts';
import { createClientAddress } from './client-address.ts';

const none = createClientAddress([]);
const some = createClientAddress(parseRanges('10.0.0.0/8, 192.0.2.7, fd00::/8'));

// sabotage: src/api/kit/client-address.ts :: while (client && isWithin(client, trusted)) { => while (client) {
test.each([
  ['who is no proxy of ours says nothing', none, '203.0.113.5', '198.51.100.1', '203.0.113.5'],
  ['not even from loopback', none, '127.0.0.1', '198.51.100.1', '127.0.0.1'],
  ['our proxy says whom it heard from', some, '10.1.2.3', '198.51.100.1', '198.51.100.1'],
  [
    'what the client wrote in front of it counts for nothing',
    some,
    '10.1.2.3',
    '1.1.1.1, 198.51.100.1',
    '198.51.100.1',
  ],
  ['one proxy behind the other', some, '10.1.2.3', '1.1.1.1, 198.51.100.1, 192.0.2.7', '198.51.100.1'],
  ['a proxy asks by itself', some, '10.1.2.3', undefined, '10.1.2.3'],
  ['nonsense from behind our proxy', some, '10.1.2.3', 'unknown', '10.1.2.3'],
  ['an address written oddly', some, '10.1.2.3', '0x7f.1', '10.1.2.3'],
  ['IPv4 in IPv6 clothes', some, '::ffff:10.1.2.3', '::ffff:198.51.100.1', '198.51.100.1'],
  ['IPv6', some, 'fd00::1', '2001:db8::5', '2001:db8::5'],
  ['no socket at all', some, undefined, '198.51.100.1', null],
] as const)('%s', (_name, address, socket, forwarded, expected) => {
  expect(address(socket, forwarded)).toBe(expected);
});

test.each(['', '10.0.0.0/33', 'proxy.example', '10.0.0.1,', '10.0.0.0/x', '::/129'])(
  '%j is refused',
  (text) => {
    expect(() => parseRanges(text)).toThrow('is no address and no range');
  },
);
