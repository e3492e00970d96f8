import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StoredObject {
  readonly body: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  readonly etag: string;
  readonly lastModified: Date;
  readonly versionId?: string;
  /** Told instead of the length of the body. */
  readonly size?: number;
}

export interface S3Server {
  readonly address: string;
  /** By `bucket/key`; of the versions, the last one is the current one. */
  readonly objects: Map<string, StoredObject>;
  /** By `bucket/key?versionId`. */
  readonly versions: Map<string, StoredObject>;
  /** What was asked for: `GET bucket/key`. */
  readonly requests: string[];
  /** The headers of each of them. */
  readonly headers: IncomingHttpHeaders[];
  /** Answers in place of the store; undefined leaves it to the store. */
  intercept: (request: string) =>
    | { status: number; code: string }
    /** `stall`: the body never comes. `unsized`: the body comes without a Content-Length. */
    | 'hang'
    | 'stall'
    | 'unsized'
    | undefined;
  put(path: string, body: Buffer | string, more?: Partial<StoredObject>): StoredObject;
  close(): void;
}

/**
 * The part of S3 that the batch uses, over HTTP and in memory: objects, versions, metadata, conditional
 * writes. Real S3 semantics beyond it are proved against moto (`pnpm prove:batch`).
 */
export async function startS3Server(): Promise<S3Server> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: S3Server = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: new Map(),
    versions: new Map(),
    requests: [],
    headers: [],
    intercept: () => undefined,
    put(path, body, more = {}) {
      const bytes = Buffer.from(body);
      const etag = createHash('md5').update(bytes).digest('hex');
      const object = { body: bytes, metadata: {}, etag, lastModified: new Date(), ...more };
      state.objects.set(path, object);
      if (object.versionId) state.versions.set(`${path}?${object.versionId}`, object);
      return object;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [rawPath = '', query] = (request.url ?? '').split('?');
    const path = decodeURIComponent(rawPath.slice(1));
    const version = new URLSearchParams(query).get('versionId');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = `${request.method} ${path}`;
    state.requests.push(asked);
    state.headers.push(request.headers);
    const told = state.intercept(asked);
    if (told === 'hang') return;
    if (told === 'stall') {
      response.writeHead(200, { 'content-length': 1000, etag: '"0"' }).flushHeaders();
      return;
    }
    if (told && told !== 'unsized') return fail(response, told.status, told.code);
    if (request.method === 'PUT') return put(path, request, Buffer.concat(chunks), response);
    const object = version ? state.versions.get(`${path}?${version}`) : state.objects.get(path);
    if (!object) return fail(response, 404, version ? 'NoSuchVersion' : 'NoSuchKey');
    response.writeHead(200, {
      etag: `"${object.etag}"`,
      ...(told !== 'unsized' && { 'content-length': object.size ?? object.body.length }),
      'last-modified': object.lastModified.toUTCString(),
      ...(object.versionId && { 'x-amz-version-id': object.versionId }),
      ...Object.fromEntries(
        Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
      ),
    });
    response.end(object.body);
  }

  function put(path: string, { headers }: IncomingMessage, body: Buffer, response: ServerResponse) {
    const there = state.objects.get(path);
    if (headers['if-none-match'] === '*' && there) return fail(response, 412, 'PreconditionFailed');
    const expected = headers['if-match']?.replaceAll('"', '');
    if (expected && expected !== there?.etag) return fail(response, 412, 'PreconditionFailed');
    const metadata = Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') ? [[name.slice('x-amz-meta-'.length), String(value)]] : [],
    );
    const { etag } = state.put(path, body, { metadata: Object.fromEntries(metadata) });
    response.writeHead(200, { etag: `"${etag}"` }).end();
  }
  return state;
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
