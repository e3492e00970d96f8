import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpError } from './problem.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * A check for `Authorization: Bearer KEY` or `X-Api-Key: KEY`. With no keys everybody passes.
 *
 * Digests of one length are compared, each with every key, so that the time taken tells nothing of
 * how much of a key was right, nor which one.
 *
 * @param keys asked at each request; may give another list when the keys have changed
 * @returns a check that gives a name for the key's holder, undefined where no key is needed
 */
export function keyCheck(keys: () => readonly string[]): (headers: Headers) => string | undefined {
  let list: readonly string[] = [];
  let known: readonly Buffer[] = [];
  return (headers) => {
    const current = keys();
    if (current !== list) {
      list = current;
      known = list.map(digest);
    }
    if (known.length === 0) return undefined;
    const bearer = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
    const given = bearer ?? headers.get('x-api-key') ?? '';
    const found = digest(given);
    let matches = 0;
    for (const key of known) matches |= Number(timingSafeEqual(key, found));
    if (matches) return `key ${found.toString('base64url')}`;
    throw new HttpError(
      'UNAUTHORIZED',
      given
        ? 'The API key is not known.'
        : 'Send an API key as "Authorization: Bearer KEY" or "X-Api-Key: KEY".',
      { headers: { 'www-authenticate': 'Bearer realm="zipcaption"' } },
    );
  };
}
