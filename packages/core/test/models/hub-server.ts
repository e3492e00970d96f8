import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Faults of the server. */
export interface HubFaults {
  /** Sends, once, only this many bytes of a large file; `breakConnection` then ends the connection. */
  stallAfter?: number;
  /** Answers as if ranges were unknown to it. */
  ignoreRanges?: boolean;
  /** Sends other bytes than the digest is of. */
  corrupt?: boolean;
  /** So many downloads from the storage are refused, as if their links had expired. */
  expired?: number;
  /** Sends one byte more than it says. */
  longer?: boolean;
  /** Answers so many requests with 503. */
  busy?: number;
  /** Answers everything with a web page, as a proxy may that wants a login. */
  page?: boolean;
  /** Only requests with this token may read. */
  token?: string;
}

export interface TestHub {
  readonly endpoint: string;
  /** "METHOD path range" of each request, in order. */
  readonly requests: string[];
  /** The headers with which the storage host was asked. */
  readonly storageHeaders: IncomingMessage['headers'][];
  readonly faults: HubFaults;
  /**
   * Breaks the connection that `stallAfter` holds, if there is one. The caller knows when the bytes
   * have arrived; a timer would not, on a busy machine.
   */
  breakConnection(): void;
  close(): Promise<void>;
}

/**
 * A local server with the hub's paths: `/owner/name/resolve/revision/file`, where large files are
 * redirected to a storage host (another port) and described by the headers of the redirect, as
 * huggingface.co does for what is kept in Git LFS.
 */
export async function startHub(model: string, files: Record<string, Uint8Array>): Promise<TestHub> {
  const faults: HubFaults = {};
  const requests: string[] = [];
  const storageHeaders: IncomingMessage['headers'][] = [];
  let stalled: ServerResponse | undefined;
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const blob = (bytes: Uint8Array) =>
    createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

  const storage = createServer((request, response) => {
    const bytes = files[decodeURIComponent((request.url ?? '').slice(1))];
    storageHeaders.push(request.headers);
    if (request.method === 'GET') requests.push(`GET storage ${request.headers.range ?? 'all'}`);
    if (request.method === 'GET' && faults.expired) {
      faults.expired--;
      response.writeHead(403).end();
    } else if (bytes) send(request, response, bytes);
    else response.writeHead(404).end();
  });
  const storagePort = await listen(storage);

  const hub = createServer((request, response) => {
    const [, owner, name, resolve, revision, ...path] = (request.url ?? '').split('/');
    const file = path.join('/');
    requests.push(`${request.method} ${file}`);
    if (faults.busy) {
      faults.busy--;
      return response.writeHead(503, { 'retry-after': '0' }).end();
    }
    if (faults.page) {
      return response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in');
    }
    const commit = { 'x-repo-commit': '0123456789abcdef0123456789abcdef01234567' };
    const allowed = !faults.token || request.headers.authorization === `Bearer ${faults.token}`;
    // The hub does not tell strangers which models there are.
    if (`${owner}/${name}` !== model || resolve !== 'resolve' || !allowed) {
      return response.writeHead(401, { 'x-error-code': 'RepoNotFound' }).end();
    }
    if (revision !== 'main') {
      return response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
    }
    const bytes = files[file];
    if (!bytes) return response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    if (!/\.onnx(_data)?$/.test(file)) {
      return send(request, response, bytes, { ...commit, etag: `"${blob(bytes)}"` });
    }
    return response
      .writeHead(302, {
        ...commit,
        location: `http://127.0.0.1:${storagePort}/${encodeURIComponent(file)}`,
        'x-linked-etag': `"${sha256(bytes)}"`,
        'x-linked-size': bytes.length,
      })
      .end();
  });
  const port = await listen(hub);

  function send(
    request: IncomingMessage,
    response: ServerResponse,
    content: Uint8Array,
    headers: Record<string, string> = {},
  ): void {
    const sound = faults.longer ? Buffer.concat([content, Uint8Array.of(0)]) : content;
    const bytes = faults.corrupt ? sound.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) : sound;
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
    if (Number.isNaN(from) || faults.ignoreRanges) {
      response.writeHead(200, { ...headers, 'content-length': bytes.length });
    } else if (from >= bytes.length) {
      response.writeHead(416).end();
      return;
    } else {
      response.writeHead(206, {
        ...headers,
        'content-length': bytes.length - from,
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      });
    }
    const rest = bytes.subarray(Number.isNaN(from) || faults.ignoreRanges ? 0 : from);
    if (request.method === 'HEAD') response.end();
    else if (faults.stallAfter !== undefined && rest.length > faults.stallAfter) {
      response.write(rest.subarray(0, faults.stallAfter));
      delete faults.stallAfter;
      stalled = response;
    } else response.end(rest);
  }

  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    storageHeaders,
    faults,
    breakConnection() {
      stalled?.destroy();
      stalled = undefined;
    },
    async close() {
      for (const server of [hub, storage]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
