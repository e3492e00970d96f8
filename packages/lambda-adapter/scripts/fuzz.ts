import { Agent, request as startRequest } from 'node:http';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { createApp } from '../src/http/app.js';
import { openApiDocument } from '../src/http/openapi.js';
import { defaultSettings } from '../src/http/settings.js';
import { createHandler } from '../src/lambda/handler.js';
import { startServer } from '../src/server/node-server.js';
import { eventWithBody, httpEventNames, recordedEvent } from '../test/events/index.js';
import { lambdaContext } from '../test/lambda-context.js';
import { mutate, strangeValues } from '../test/mutate-event.js';
import { scriptedEngine } from '../test/scripted-engine.js';

/*
 * Generated requests against the server and mutated events against the handler, with an engine that
 * captions nothing: no unasked 5xx, no status that the OpenAPI document does not name, no throw without
 * a code, no memory that stays.
 *
 *   pnpm fuzz:http --requests 100000 --events 50000 --seed 1
 */

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    events: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const wrong = new Map<string, number>();
const complain = (what: string) => wrong.set(what, (wrong.get(what) ?? 0) + 1);

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
}

type Paths = Record<string, Record<string, { responses: Record<string, unknown> }>>;
const { paths } = openApiDocument(defaultSettings, '') as { paths: Paths };

const word = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '1',
    '3',
    '16',
    '17',
    '-1',
    '1e3',
    'true',
    '',
    '__proto__',
    'constructor',
    'ü',
    '%00',
  ),
);
const option = fc.tuple(
  fc.oneof(fc.constantFrom('beams', 'maxLength', 'numCaptions', 'attention', 'prompt'), word),
  word,
);
const query = fc
  .array(option, { maxLength: 3 })
  .map((pairs) => (pairs.length ? `?${new URLSearchParams(pairs)}` : ''));
const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('/caption', '/embed', '/') },
  { weight: 3, arbitrary: fc.constantFrom(...Object.keys(paths)) },
  { weight: 1, arbitrary: fc.webPath() },
);
const bytes = fc.uint8Array({ maxLength: 400 }).map((each) => Buffer.from(each));
const json = fc
  .oneof(
    fc.json({ maxDepth: 3 }),
    fc
      .record(
        {
          image: fc.oneof(fc.base64String(), fc.string(), fc.webUrl()),
          beams: fc.integer(),
          x: word,
        },
        { requiredKeys: [] },
      )
      .map((each) => JSON.stringify(each)),
    fc.string(),
  )
  .map((text) => Buffer.from(text));
const part = fc
  .tuple(word, fc.option(word), bytes)
  .map(([name, file, content]) =>
    Buffer.concat([
      Buffer.from(
        `--b\r\nContent-Disposition: form-data; name="${name}"${file === null ? '' : `; filename="${file}"`}\r\n\r\n`,
      ),
      content,
      Buffer.from('\r\n'),
    ]),
  );
const form = fc
  .tuple(fc.array(part, { maxLength: 4 }), fc.constantFrom('--b--\r\n', '--b', ''))
  .map(([parts, end]) => Buffer.concat([...parts, Buffer.from(end)]));
const content = fc.oneof(
  bytes.map((body) => ({ body, type: 'image/jpeg' })),
  json.map((body) => ({ body, type: 'application/json' })),
  form.map((body) => ({ body, type: 'multipart/form-data; boundary=b' })),
  fc.tuple(bytes, word).map(([body, type]) => ({ body, type: type.replace(/[^\x21-\x7e]/g, '') })),
);
const accept = fc.constantFrom(
  '*/*',
  'text/plain',
  'text/event-stream',
  'constructor',
  'a/b;q=x',
  '',
);
const sent: fc.Arbitrary<Sent> = fc
  .record({
    method: fc.oneof(
      { weight: 8, arbitrary: fc.constant('POST') },
      {
        weight: 4,
        arbitrary: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'PATCH'),
      },
    ),
    path,
    query,
    content,
    accept,
    etag: fc.option(fc.constantFrom('*', 'W/"a"', '"', ',,')),
  })
  .map(({ method, path, query, content: { body, type }, accept, etag }) => ({
    method,
    path: encodeURI(path) + query,
    headers: {
      ...(type && { 'content-type': type }),
      ...(accept && { accept }),
      ...(etag && { 'if-none-match': etag }),
    },
    body: method === 'GET' || method === 'HEAD' ? undefined : body,
  }));

const engine = scriptedEngine();
const app = createApp({ engine: async () => engine });
// As the server itself does: until then it is not ready.
await app.engine();
const server = await startServer(app, { port: 0 });
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

function send({ method, path, headers, body }: Sent): Promise<void> {
  return new Promise((resolve) => {
    const all = { ...headers, ...(body && { 'content-length': body.length }) };
    const request = startRequest(
      `${server.url}${path}`,
      { method, headers: all, agent },
      (response) => {
        const { statusCode = 0, headers: given } = response;
        const at = `${method} ${path.split('?', 1)[0]}`;
        const operation = paths[path.split('?', 1)[0] ?? '']?.[method.toLowerCase()];
        if (statusCode >= 500) complain(`${at}: ${statusCode}`);
        if (operation && !(statusCode in operation.responses) && statusCode !== 401) {
          complain(`${at}: ${statusCode} is not in the OpenAPI document`);
        }
        if (!given['x-request-id'] || !given['x-content-type-options'])
          complain(`${at}: no headers`);
        let text = '';
        response.setEncoding('utf8').on('data', (data: string) => {
          text += data;
        });
        response.once('end', () => {
          const isProblem = given['content-type'] === 'application/problem+json';
          if (statusCode >= 400 && method !== 'HEAD') {
            if (!isProblem || JSON.parse(text).status !== statusCode) complain(`${at}: no problem`);
          }
          resolve();
        });
        response.once('error', () => resolve());
      },
    );
    request.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') complain(String(error));
      resolve();
    });
    request.end(body);
  });
}

const heap = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
};

/** Makes and sends so many, in portions, and gives the heap after the first and the last of them. */
async function portions<T>(
  count: number,
  arbitrary: fc.Arbitrary<T>,
  use: (value: T) => Promise<void>,
): Promise<string> {
  const portion = Math.min(count, 2_000);
  const heaps: number[] = [];
  for (let done = 0; done < count; done += portion) {
    const list = fc.sample(arbitrary, { numRuns: portion, seed: seed + done });
    await Promise.all(
      Array.from({ length: 16 }, async (_, lane) => {
        for (let at = lane; at < list.length; at += 16) await use(list[at] as T);
      }),
    );
    engine.calls.length = 0;
    heaps.push(heap());
  }
  const [first = 0, last = 0] = [heaps[Math.min(2, heaps.length - 1)], heaps.at(-1)];
  // What is remembered of captions is bounded by some megabytes.
  if (last > first + 30)
    complain(`the heap grew from ${first.toFixed(0)} to ${last.toFixed(0)} MB`);
  return `heap ${first.toFixed(0)} → ${last.toFixed(0)} MB`;
}

const requests = Number(values.requests);
console.log(`${requests} requests: ${await portions(requests, sent, send)}`);
agent.destroy();
await server.close();

const handler = createHandler(app);
const mutant = fc
  .tuple(
    fc.constantFrom(...httpEventNames),
    fc.array(fc.tuple(fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }), strangeValues), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.boolean(),
  )
  .map(([name, changes, withBody]) =>
    changes.reduce<unknown>(
      (event, [path, value]) => mutate(event, path, value),
      withBody ? eventWithBody(name, Buffer.from('a photo')) : recordedEvent(name),
    ),
  );
const events = Number(values.events);
const eventHeap = await portions(events, mutant, async (event) => {
  try {
    const result = await handler(event, lambdaContext());
    const { statusCode } = result as { statusCode?: number };
    if (statusCode !== undefined && statusCode >= 500) complain(`an event: ${statusCode}`);
  } catch (error) {
    const name = error instanceof Error ? error.name : String(error);
    if (!/^(INVALID_INPUT|INVALID_OPTION|URL_NOT_ALLOWED)$/.test(name))
      complain(`an event: ${error}`);
  }
});
console.log(`${events} events: ${eventHeap}`);

for (const [what, times] of wrong) console.log(`FAIL  ${what} (${times} times)`);
console.log(wrong.size === 0 ? 'Nothing wrong.' : `${wrong.size} kinds of fault.`);
process.exitCode = wrong.size === 0 ? 0 : 1;
