import { Resolver } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { HttpError } from './problem.js';
import { isPublicAddress } from './public-address.js';

export interface RemotePhotoLimits {
  /** Host names from which photos may come: `example.com`, `*.example.com`. */
  readonly hosts: readonly string[];
  readonly maxBytes: number;
  /** Told about the bytes as they come; may throw to stop. */
  readonly onBytes?: (count: number) => void;
  /** Milliseconds in all, redirects included. Default 5,000. */
  readonly timeout?: number;
  /** Default 3. */
  readonly redirects?: number;
}

/** What stands between us and the network; replaced in tests, where every server is a private one. */
export interface Network {
  /** @param signal ends the look-up; it may then give or throw anything */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
  isPublic(address: string): boolean;
}

const network: Network = { resolve: resolveByDns, isPublic: isPublicAddress };

/**
 * Asks the name servers ourselves: the system's own look-up cannot be ended, and holds one of the few
 * threads that files are read on for as long as a name server is silent.
 */
async function resolveByDns(host: string, signal: AbortSignal): Promise<readonly string[]> {
  const resolver = new Resolver();
  const stop = () => resolver.cancel();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    if (addresses.length === 0 && found[0].status === 'rejected') throw found[0].reason;
    return addresses;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Fetches a photo that a client named by URL, without becoming a door into our own network: only
 * allowed hosts, again at every redirect; the name is resolved here, all of its addresses must be
 * public, and the connection goes to the very address that was checked, so that a name cannot
 * change its meaning in between (DNS rebinding).
 *
 * @throws HttpError `INVALID_INPUT`, `URL_NOT_ALLOWED`, `FETCH_FAILED`, `IMAGE_TOO_LARGE`
 */
export async function fetchRemotePhoto(
  address: string,
  limits: RemotePhotoLimits,
  signal: AbortSignal,
  { resolve, isPublic }: Network = network,
): Promise<Uint8Array> {
  if (limits.hosts.length === 0) {
    throw new HttpError(
      'URL_NOT_ALLOWED',
      'This service does not fetch photos from URLs. Send the photo itself: its bytes, base64 or a data: URL.',
    );
  }
  const deadline = AbortSignal.timeout(limits.timeout ?? 5_000);
  const stop = AbortSignal.any([signal, deadline]);
  try {
    let url = parse(address);
    for (let hops = 0; hops <= (limits.redirects ?? 3); hops++) {
      refuseHost(url, limits.hosts);
      const response = await open(url, await addressOf(url), stop);
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location) {
        response.destroy();
        url = parse(new URL(headers.location, url).href);
        continue;
      }
      if (statusCode !== 200) {
        response.destroy();
        throw new HttpError('FETCH_FAILED', `${url.host} answered with status ${statusCode}.`);
      }
      return await readAll(response, limits);
    }
    throw new HttpError('FETCH_FAILED', 'The URL redirects too often.');
  } catch (cause) {
    if (cause instanceof HttpError) throw cause;
    signal.throwIfAborted();
    const why = deadline.aborted ? 'it took too long' : 'the connection failed';
    throw new HttpError('FETCH_FAILED', `The photo could not be fetched: ${why}.`, { cause });
  }

  async function addressOf(url: URL): Promise<string> {
    let addresses: readonly string[];
    try {
      addresses = await unlessAborted(resolve(url.hostname, stop), stop);
    } catch (cause) {
      stop.throwIfAborted();
      throw new HttpError('FETCH_FAILED', `The host ${url.hostname} is not known.`, { cause });
    }
    const [first] = addresses;
    if (first === undefined || !addresses.every(isPublic)) {
      throw new HttpError('URL_NOT_ALLOWED', `The host ${url.hostname} is not public.`);
    }
    return first;
  }
}

/** The promise, or the signal's reason if that fires first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.finally(() => signal.removeEventListener('abort', stop)).then(resolve, reject);
  });
}

function parse(address: string): URL {
  if (!URL.canParse(address))
    throw new HttpError('INVALID_INPUT', 'The "image" is not a valid URL.');
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new HttpError('URL_NOT_ALLOWED', 'Photos are fetched over http and https only.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new HttpError('URL_NOT_ALLOWED', 'A URL with a user name or password is not fetched.');
  }
  return url;
}

function refuseHost(url: URL, hosts: readonly string[]): void {
  const host = url.hostname.toLowerCase();
  const allowed = hosts.some((each) =>
    each.startsWith('*.') ? host.endsWith(each.slice(1)) : host === each,
  );
  // A number is never on the list of names, in whichever notation: the URL parser writes them all alike.
  if (!allowed || isIP(host.replace(/^\[|\]$/g, '')) !== 0) {
    throw new HttpError('URL_NOT_ALLOWED', `Photos may not be fetched from ${url.hostname}.`);
  }
}

function open(url: URL, address: string, signal: AbortSignal): Promise<IncomingMessage> {
  const family = isIP(address);
  const start = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = start(url, {
      signal,
      agent: false, // A pooled connection might lead to an address that was not checked.
      headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'zipcaption' },
      lookup: (_host, options, done) => {
        if (options.all) done(null, [{ address, family }]);
        else done(null, address, family);
      },
    });
    request.on('response', resolve).on('error', reject).end();
  });
}

async function readAll(
  response: IncomingMessage,
  { maxBytes: limit, onBytes }: RemotePhotoLimits,
): Promise<Uint8Array> {
  const tooLarge = () =>
    new HttpError('IMAGE_TOO_LARGE', `The photo at the URL has more than ${limit} bytes.`, {
      limit,
    });
  try {
    if (Number(response.headers['content-length']) > limit) throw tooLarge();
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limit) throw tooLarge();
      onBytes?.(chunk.length);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  } finally {
    response.destroy();
  }
}
