import { isIP } from 'node:net';

/**
 * What stands for a client in limits: an IPv4 address, or the /64 network of an IPv6 one, which is what one
 * customer is given (RFC 6177): whoever has one could otherwise be a new client with each request. Undefined for
 * anything else. Some proxies write the port, too.
 */
export function networkOf(text = ''): string | undefined {
  const bare = text
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
    .replace(/%.*$/, '');
  switch (isIP(bare)) {
    case 4:
      return bare;
    case 6: {
      const groups = groupsOf(bare);
      const [, , , , , mark, high = 0, low = 0] = groups;
      const isMapped = mark === 0xffff && groups.slice(0, 5).every((group) => group === 0);
      if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join('.');
      return `${groups
        .slice(0, 4)
        .map((group) => group.toString(16))
        .join(':')}::/64`;
    }
    default:
      return undefined;
  }
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser writes an IPv4 address at the end as two groups.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const numbers = (text: string) => text.split(':').map((group) => Number.parseInt(group, 16));
  const before = left ? numbers(left) : [];
  const after = right ? numbers(right) : [];
  return [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
}
