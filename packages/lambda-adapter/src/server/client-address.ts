import type { IncomingMessage } from 'node:http';
import { networkOf } from '../http/network-of.js';

/**
 * Who sends a request, for limits: the address that the outermost of the proxies that are ours has seen,
 * or else that of the connection.
 *
 * @param trustedProxies proxies in front that add to `X-Forwarded-For`
 */
export function clientOf({ socket, headers }: IncomingMessage, trustedProxies: number): string {
  const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
  const told = trustedProxies > 0 ? forwarded.at(-trustedProxies) : undefined;
  return networkOf(told) ?? networkOf(socket.remoteAddress) ?? '';
}
