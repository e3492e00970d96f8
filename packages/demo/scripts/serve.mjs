/**
 * Serves the built page with the headers that docs/demo.md recommends.
 *
 *   node packages/demo/scripts/serve.mjs [--port 4173] [--host 127.0.0.1] [--base /sub/path/] [--plain]
 *
 * --plain  without any special header, as a simple static host does
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { localPolicy, remotePolicy } from './content-security-policy.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.avif': 'image/avif',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.gz': 'application/gzip',
};

/** Names with the contents' hash in them never change. */
const IMMUTABLE = /^(model|runtime)\/|\.[A-Z0-9]{8}\.(js|css)$/;

/**
 * @param {{ root: string, port?: number, host?: string, base?: string, plain?: boolean, apiOrigin?: string }} options
 * @returns {Promise<{ address: string, server: import('node:http').Server, close: () => Promise<void> }>}
 */
export async function serve({ root, port = 0, host = '127.0.0.1', base = '/', plain, apiOrigin }) {
  const server = createServer(async (request, response) => {
    const path = filePath(root, base, request.url ?? '/');
    const info = path && (await stat(path).catch(() => undefined));
    if (!path || !info?.isFile()) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
      return;
    }
    const name = path.slice(root.length + 1).replaceAll(sep, '/');
    response.writeHead(200, {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'content-length': info.size,
      ...(!plain && headers(name, apiOrigin)),
    });
    if (request.method === 'HEAD') response.end();
    else createReadStream(path).pipe(response);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const { port: bound } = server.address();
  return {
    address: `http://${host === '127.0.0.1' ? 'localhost' : host}:${bound}${base}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Nothing outside the folder, whatever the address says. */
function filePath(root, base, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
  if (!path.startsWith(base)) return undefined;
  const inside = path.slice(base.length);
  const full = normalize(
    join(root, inside.endsWith('/') || inside === '' ? `${inside}index.html` : inside),
  );
  return full.startsWith(root + sep) ? full : undefined;
}

function headers(name, apiOrigin) {
  const policy = name === 'api.html' ? remotePolicy(apiOrigin) : localPolicy();
  return {
    'content-security-policy': `${policy}; frame-ancestors 'none'`,
    // embed.js, and what it loads, is for pages of other origins.
    'access-control-allow-origin': '*',
    'cache-control': IMMUTABLE.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: process.env.PORT ?? '4173' },
      host: { type: 'string', default: '127.0.0.1' },
      base: { type: 'string', default: '/' },
      root: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
      plain: { type: 'boolean' },
    },
  });
  const { address } = await serve({ ...values, port: Number(values.port) });
  console.log(`zipcaption is at ${address} (Ctrl+C ends it)`);
}
