import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { clientOf } from './client-address.js';

const client = (remoteAddress: string | undefined, forwarded?: string, proxies = 0) =>
  clientOf(
    {
      socket: { remoteAddress },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    } as unknown as IncomingMessage,
    proxies,
  );

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::ffff:0', '2001:db8:1:2::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  [undefined, ''],
])('%s: %s', (address, expected) => {
  expect(client(address)).toBe(expected);
});

it('believes no header unless there is a proxy, and then only what that one wrote', () => {
  expect(client('192.0.2.1', '198.51.100.7')).toBe('192.0.2.1');
  expect(client('192.0.2.1', '198.51.100.7', 1)).toBe('198.51.100.7');
  expect(client('192.0.2.1', 'forged, 198.51.100.7', 1)).toBe('198.51.100.7');
  expect(client('192.0.2.1', 'forged, 198.51.100.7, 203.0.113.9', 2)).toBe('198.51.100.7');
  expect(client('192.0.2.1', undefined, 1)).toBe('192.0.2.1');
});

it('a port is no other client', () => {
  expect(client('192.0.2.1', '198.51.100.7:61234', 1)).toBe('198.51.100.7');
  expect(client('192.0.2.1', '[2001:db8:1:2::5]:61234', 1)).toBe('2001:db8:1:2::/64');
  expect(client('192.0.2.1', '2001:db8:1:2::5', 1)).toBe('2001:db8:1:2::/64');
});

it('what is no address is left alone', () => {
  for (const text of ['', 'unknown', '_hidden', 'x'.repeat(16_000), '1.2.3', 'key abc', ':::']) {
    expect(client('192.0.2.1', text, 1)).toBe('192.0.2.1');
  }
});
