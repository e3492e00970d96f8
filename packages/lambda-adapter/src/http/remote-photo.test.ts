import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isPublicAddress } from './public-address.js';
import { fetchRemotePhoto, type Network, type RemotePhotoLimits } from './remote-photo.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const limits: RemotePhotoLimits = {
  hosts: ['images.example.com', '*.cdn.example'],
  maxBytes: 1000,
  timeout: 500,
};
/** Every name leads to this machine, which for once counts as a public place. */
const here: Network = { resolve: async () => ['127.0.0.1'], isPublic: (ip) => ip === '127.0.0.1' };
const never = new AbortController().signal;
const fetchFrom = (url: string, network = here, more: Partial<RemotePhotoLimits> = {}) =>
  fetchRemotePhoto(url, { ...limits, ...more }, never, network);

describe('fetchRemotePhoto', () => {
  it('fetches from an allowed host, and from below an allowed domain', async () => {
    let host: string | undefined;
    const port = await serve((request, response) => {
      host = request.headers.host;
      response.end('photo');
    });
    expect(Buffer.from(await fetchFrom(`http://images.example.com:${port}/a.jpg`)).toString()).toBe(
      'photo',
    );
    expect(host).toBe(`images.example.com:${port}`);
    expect((await fetchFrom(`http://a.cdn.example:${port}/`)).length).toBe(5);
  });

  it.each([
    'https://elsewhere.example/',
    'https://cdn.example/',
    'https://evilcdn.example/',
    'https://images.example.com.evil.example/',
    'https://images.example.com@evil.example/',
    'https://user:pw@images.example.com/',
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'file:///etc/passwd',
    'ftp://images.example.com/',
  ])('does not fetch %s', async (url) => {
    await expect(fetchFrom(url)).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
  });

  it('does not connect to a private address, whatever the name; not even if only one of several is', async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked++;
      response.end('secret');
    });
    const url = `http://images.example.com:${port}/`;
    for (const addresses of [
      ['127.0.0.1'],
      ['93.184.216.34', '10.0.0.1'],
      ['169.254.169.254'],
      ['::ffff:10.0.0.1'],
      [],
    ]) {
      const network = { resolve: async () => addresses, isPublic: isPublicAddress };
      await expect(fetchFrom(url, network), String(addresses)).rejects.toMatchObject({
        code: 'URL_NOT_ALLOWED',
      });
    }
    expect(asked).toBe(0);
  });

  it('checks a redirect like the first address', async () => {
    const port = await serve((request, response) => {
      const to = request.url === '/inside' ? 'http://metadata.internal/' : '/photo';
      if (request.url === '/photo') response.end('photo');
      else response.writeHead(302, { location: to }).end();
    });
    expect((await fetchFrom(`http://images.example.com:${port}/moved`)).length).toBe(5);
    await expect(fetchFrom(`http://images.example.com:${port}/inside`)).rejects.toMatchObject({
      code: 'URL_NOT_ALLOWED',
    });
  });

  it('does not follow redirects for ever', async () => {
    let hops = 0;
    const port = await serve((_, response) => {
      response.writeHead(307, { location: `/${++hops}` }).end();
    });
    await expect(fetchFrom(`http://images.example.com:${port}/`)).rejects.toMatchObject({
      code: 'FETCH_FAILED',
    });
    expect(hops).toBe(4);
  });

  it('stops at the size limit, announced or not', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/announced') response.writeHead(200, { 'content-length': 5000 });
      response.write(Buffer.alloc(2500));
      response.end(Buffer.alloc(2500));
    });
    for (const path of ['/announced', '/silent']) {
      await expect(fetchFrom(`http://images.example.com:${port}${path}`)).rejects.toMatchObject({
        code: 'IMAGE_TOO_LARGE',
      });
    }
  });

  it('gives up on a name server that is silent, when the time is up or the client gone', async () => {
    const silent = (stopped: () => void): Network => ({
      resolve: (_, signal) => {
        signal.addEventListener('abort', stopped);
        return new Promise(() => undefined);
      },
      isPublic: () => true,
    });
    let stops = 0;
    const late = fetchFrom(
      'http://images.example.com/a',
      silent(() => stops++),
      { timeout: 50 },
    );
    await expect(late).rejects.toMatchObject({ code: 'FETCH_FAILED' });
    const gone = AbortSignal.abort(new Error('gone'));
    const left = fetchRemotePhoto(
      'http://images.example.com/a',
      { hosts: ['images.example.com'], maxBytes: 4000 },
      gone,
      silent(() => stops++),
    );
    await expect(left).rejects.toThrow('gone');
    expect(stops).toBeGreaterThan(0);
  });

  it('gives up on a host that takes its time, or that fails', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/404') response.writeHead(404).end();
      else if (request.url === '/drip') response.write('x');
    });
    for (const path of ['/404', '/drip', '/silent']) {
      await expect(
        fetchFrom(`http://images.example.com:${port}${path}`, here, { timeout: 100 }),
      ).rejects.toMatchObject({ code: 'FETCH_FAILED' });
    }
    await expect(fetchFrom('http://images.example.com:1/')).rejects.toMatchObject({
      code: 'FETCH_FAILED',
    });
  });
});

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '93.184.216.34', '2606:2800:220:1::1', '::ffff:8.8.8.8', '172.32.0.1'])(
    '%s is public',
    (ip) => {
      expect(isPublicAddress(ip)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'localhost',
    '',
  ])('%s is not', (ip) => {
    expect(isPublicAddress(ip)).toBe(false);
  });
});
