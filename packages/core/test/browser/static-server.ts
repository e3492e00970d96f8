import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

export interface StaticServer {
  /** Ends in a slash. */
  readonly address: string;
  readonly close: () => void;
}

/**
 * Serves texts and folders.
 *
 * @param texts   path → contents of a page
 * @param folders path ending in a slash → folder on disk
 * @param extraHeaders sent with every answer
 */
export async function serveStatic(
  texts: Readonly<Record<string, string | Uint8Array>>,
  folders: Readonly<Record<string, string>>,
  extraHeaders: Readonly<Record<string, string>> = {},
): Promise<StaticServer> {
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const type = TYPES[extname(path)] ?? (path in texts ? TYPES['.html'] : undefined);
    const headers = { 'content-type': type ?? 'application/octet-stream', ...extraHeaders };
    if (path in texts) {
      response.writeHead(200, headers).end(texts[path]);
      return;
    }
    const [prefix, folder] = Object.entries(folders).find(([each]) => path.startsWith(each)) ?? [];
    const file = prefix && folder ? join(folder, path.slice(prefix.length)) : undefined;
    const info = file ? await stat(file).catch(() => undefined) : undefined;
    if (!file || !info?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { ...headers, 'content-length': info.size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://localhost:${port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
