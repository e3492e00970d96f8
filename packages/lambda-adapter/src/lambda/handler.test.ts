import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptionError } from 'zipcaption';
import { eventWithBody, httpEventNames, recordedEvent } from '../../test/events/index.js';
import { lambdaContext } from '../../test/lambda-context.js';
import { mutate, strangeValues } from '../../test/mutate-event.js';
import { type Script, scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from '../http/app.js';
import type { RequestRecord } from '../http/request-record.js';
import type { Settings } from '../http/settings.js';
import { createHandler } from './handler.js';
import type { HttpResult } from './http-results.js';

/** Every byte value, so that a detour through text would show. */
const photo = Uint8Array.from({ length: 256 }, (_, i) => i);

function lambda(script?: Script, settings: Partial<Settings> = {}) {
  const engine = scriptedEngine(script);
  const records: RequestRecord[] = [];
  const handler = createHandler(createApp({ settings, engine: async () => engine }), (record) =>
    records.push(record),
  );
  const http = async (event: unknown, timeLeft?: number) =>
    (await handler(event, lambdaContext(timeLeft))) as HttpResult;
  return { engine, records, handler, http };
}

/** The same event for another path, and without its query, whose options are those of captions. */
function withPath(event: Record<string, unknown>, path: string): Record<string, unknown> {
  const text = JSON.stringify(event).replaceAll('/caption', path);
  const members = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return Object.fromEntries(
    members.map(([name, value]) =>
      /query/i.test(name) ? [name, typeof value === 'string' ? '' : {}] : [name, value],
    ),
  );
}

describe.each(httpEventNames)('%s', (name) => {
  it('carries bytes in, and the caption out', async () => {
    const { http, engine } = lambda();
    const result = await http(eventWithBody(name, photo));
    expect(result.statusCode).toBe(200);
    expect(result.isBase64Encoded).toBe(false);
    expect(JSON.parse(result.body)).toMatchObject({
      caption: 'a dog runs',
      requestId: lambdaContext().awsRequestId,
    });
    expect(Buffer.from(engine.calls[0]?.bytes ?? [])).toEqual(Buffer.from(photo));
  });

  it('carries the query', async () => {
    const { http, engine } = lambda();
    await http(eventWithBody(name, photo));
    const given = name === 'function-url' ? undefined : { numBeams: 3, numCaptions: 2 };
    expect(engine.calls[0]?.options).toMatchObject(given ?? {});
  });

  it('carries text bodies', async () => {
    const { http, engine } = lambda();
    const event = recordedEvent(name);
    const body = JSON.stringify({ image: Buffer.from(photo).toString('base64') });
    for (const headers of ['headers', 'multiValueHeaders'] as const) {
      const map = event[headers] as Record<string, unknown> | undefined;
      if (!map) continue;
      for (const key of Object.keys(map)) if (key.toLowerCase() === 'content-type') delete map[key];
      map['content-type'] = Array.isArray(Object.values(map)[0])
        ? ['application/json']
        : 'application/json';
    }
    expect((await http({ ...event, body, isBase64Encoded: false })).statusCode).toBe(200);
    expect(Buffer.from(engine.calls[0]?.bytes ?? [])).toEqual(Buffer.from(photo));
  });

  it('carries the feature vector out', async () => {
    const { http, engine } = lambda();
    const result = await http(withPath(eventWithBody(name, photo), '/embed'));
    expect(result.statusCode).toBe(200);
    expect(JSON.parse(result.body)).toMatchObject({
      embedding: [Math.fround(0.6), Math.fround(0.8)].map((value) => expect.closeTo(value, 7)),
      requestId: lambdaContext().awsRequestId,
    });
    expect(Buffer.from(engine.embedCalls[0]?.bytes ?? [])).toEqual(Buffer.from(photo));
  });

  it('answers an empty body with 204', async () => {
    const { http } = lambda();
    const result = await http({ ...recordedEvent(name), body: '' });
    expect(result).toMatchObject({ statusCode: 204, body: '' });
  });

  it('answers a failure with problem details', async () => {
    const { http, records } = lambda({ failure: new CaptionError('DECODE_FAILED', 'Broken.') });
    const result = await http(eventWithBody(name, photo));
    expect(result.statusCode).toBe(422);
    expect(JSON.parse(result.body)).toMatchObject({ code: 'DECODE_FAILED', detail: 'Broken.' });
    expect(records).toMatchObject([{ status: 422 }]);
  });

  it('answers 504 before Lambda ends the function', async () => {
    const { http } = lambda({ pace: 50, words: Array(1000).fill('word') });
    expect((await http(eventWithBody(name, photo), 400)).statusCode).toBe(504);
  });
});

describe('results', () => {
  const result = async (name: (typeof httpEventNames)[number]) =>
    lambda().http(eventWithBody(name, photo));

  it('of a load balancer with multi-value headers has no others, and a status description', async () => {
    const answer = await result('alb-multi-value');
    expect(answer.headers).toBeUndefined();
    expect(answer.multiValueHeaders?.['content-type']).toEqual(['application/json']);
    expect(answer.statusDescription).toBe('200 OK');
  });

  it('of a load balancer without them has single ones', async () => {
    const answer = await result('alb');
    expect(answer.multiValueHeaders).toBeUndefined();
    expect(answer.headers?.['content-type']).toBe('application/json');
    expect(answer.statusDescription).toBe('200 OK');
  });

  it('say nothing of the connection, which is not ours', async () => {
    const { http } = lambda({}, { maxBytes: 10 });
    const answer = await http(eventWithBody('function-url', photo));
    expect(answer.statusCode).toBe(413);
    expect(answer.headers).not.toHaveProperty('connection');
  });
});

describe('paths', () => {
  const at = (event: Record<string, unknown>, path: string) => ({ ...event, rawPath: path });

  it('a stage is taken off, and the page knows of it', async () => {
    const { http } = lambda();
    const event = recordedEvent('http-api-v2');
    const get = { ...(event.requestContext as object), http: { method: 'GET' } };
    for (const path of ['/live', '/live/']) {
      const page = await http({ ...at(event, path), requestContext: get });
      expect(page.statusCode).toBe(200);
      expect(page.body).toContain('data-mount="/live"');
    }
    const rest = recordedEvent('rest-api-v1');
    const getPage = (path: string, more: object = {}) =>
      http({
        ...rest,
        ...more,
        httpMethod: 'GET',
        path: '/',
        requestContext: { ...(rest.requestContext as object), path },
        multiValueQueryStringParameters: null,
        queryStringParameters: null,
      });
    for (const path of ['/prod/', '/prod']) {
      expect((await getPage(path)).body).toContain('data-mount="/prod"');
    }
    expect((await getPage('/')).body).toContain('data-mount=""');
  });

  it('an HTTP API that sends payloads of version 1.0 leaves the stage in the path', async () => {
    const { http, engine } = lambda();
    const rest = eventWithBody('rest-api-v1', photo);
    const requestContext = { ...(rest.requestContext as object), path: '/prod/caption' };
    const answer = await http({ ...rest, version: '1.0', path: '/prod/caption', requestContext });
    expect(answer.statusCode).toBe(200);
    expect(engine.calls).toHaveLength(1);
    const stage = { ...requestContext, path: '/caption', stage: '$default' };
    const plain = await http({ ...rest, version: '1.0', requestContext: stage });
    expect(plain.statusCode).toBe(200);
  });

  it('a path with a question mark or a space stays a path', async () => {
    const { http } = lambda();
    const answer = await http(at(recordedEvent('function-url'), '/capt ion?x'));
    expect(answer.statusCode).toBe(404);
  });

  it('a method that cannot be is refused', async () => {
    const event = recordedEvent('function-url');
    const requestContext = { ...(event.requestContext as object), http: { method: 'TRACE' } };
    const { http, records } = lambda();
    expect((await http({ ...event, requestContext })).statusCode).toBe(405);
    expect(records).toMatchObject([{ status: 405, error: { code: 'METHOD_NOT_ALLOWED' } }]);
  });
});

it.each(['***', 'AAAA*', 'A', '{"image":"AAAA"}'])(
  'a body that says it is base64 and is not is refused: %s',
  async (body) => {
    const { http, engine } = lambda();
    const answer = await http({ ...eventWithBody('function-url', photo), body });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('is base64');
    expect(engine.calls).toHaveLength(0);
  },
);

it('base64 with line breaks, without padding or of the other alphabet is read', async () => {
  const { http, engine } = lambda({}, { cacheBytes: 0 });
  const text = Buffer.from(photo).toString('base64');
  for (const body of [
    text.replace(/.{76}/g, '$&\r\n'),
    text.replace(/=+$/, ''),
    Buffer.from(photo).toString('base64url'),
  ]) {
    expect((await http({ ...eventWithBody('function-url', photo), body })).statusCode).toBe(200);
    expect(Buffer.from(engine.calls.at(-1)?.bytes ?? [])).toEqual(Buffer.from(photo));
  }
});

it('empty maps for several values are no reason to ignore those for single ones', async () => {
  const { http, engine } = lambda();
  const rest = { ...eventWithBody('rest-api-v1', photo), multiValueHeaders: {} };
  const answer = await http({ ...rest, multiValueQueryStringParameters: {} });
  expect(answer.statusCode).toBe(200);
  expect(engine.calls[0]?.options.numBeams).toBe(3);
});

describe.each(httpEventNames)('with a rate, %s', (name) => {
  /** The event as it comes from an address. */
  const from = (address: string) => {
    const text = JSON.stringify(eventWithBody(name, photo));
    return JSON.parse(text.replaceAll(/198\.51\.100\.7|10\.213\.229\.10/g, address)) as unknown;
  };

  it('counts the requests of each address apart', async () => {
    const { http } = lambda({}, { rate: { requests: 1, seconds: 3600 } });
    const statuses: number[] = [];
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2']) {
      statuses.push((await http(from(address))).statusCode);
    }
    expect(statuses).toEqual([200, 429, 200, 200, 429]);
  });
});

it('tells who set up the gateway when it destroyed the photo by passing it as text', async () => {
  const { http } = lambda();
  const body = Buffer.from([0xff, 0xd8, 0xff, 0xe0]).toString('utf8');
  const answer = await http({ ...recordedEvent('rest-api-v1'), body, isBase64Encoded: false });
  expect(answer.statusCode).toBe(400);
  expect(JSON.parse(answer.body).detail).toContain('binary media types');
});

it.each([
  ['/caption%2e', 404],
  ['/', 200],
])('takes headers that HTTP forbids for what they are: nothing (%s)', async (rawPath, status) => {
  const event = recordedEvent('function-url');
  const headers = { ...(event.headers as object), 'x-bad': 'a\nb', 'x bad': 'c' };
  const requestContext = { ...(event.requestContext as object), http: { method: 'GET' } };
  const answer = await lambda().http({ ...event, rawPath, headers, requestContext });
  expect(answer.statusCode).toBe(status);
});

it('headers that tell of the connection to the front door change nothing', async () => {
  const alb = eventWithBody('alb', photo);
  for (const [name, value] of [
    ['content-length', '999999999'],
    ['host', 'user:password@captions.example'],
    ['host', 'captions.example/health?'],
  ] as const) {
    const headers = { ...(alb.headers as object), [name]: value };
    expect((await lambda().http({ ...alb, headers })).statusCode, value).toBe(200);
  }
});

describe('direct invocations', () => {
  const image = Buffer.from(photo).toString('base64');
  const context = lambdaContext();

  it('answer with the feature vector when it is asked for', async () => {
    const { handler, engine } = lambda({}, { apiKeys: ['a-key-that-iam-spares'] });
    const answer = await handler(
      { image, embed: true, decode: 'exact', orientation: false },
      context,
    );
    expect(answer).toEqual({
      embedding: [expect.closeTo(0.6, 7), expect.closeTo(0.8, 7)],
      model: { name: 'scripted', version: '1.2.3' },
      requestId: context.awsRequestId,
    });
    expect(engine.embedCalls[0]?.options).toMatchObject({ decode: 'exact', orientation: false });
    expect(engine.calls).toHaveLength(0);
    expect(await handler({ image, embed: false }, context)).toMatchObject({
      caption: 'a dog runs',
    });
    for (const event of [
      { image, embed: true, beams: 2 },
      { image, embed: 'yes' },
      { image, orientation: true },
    ]) {
      await expect(handler(event, context)).rejects.toMatchObject({ name: 'INVALID_OPTION' });
    }
    const featureless = lambda({ features: null });
    await expect(featureless.handler({ image, embed: true }, context)).rejects.toMatchObject({
      name: 'MODEL_UNSUPPORTED',
    });
  });

  it('are not counted against a rate: IAM has let the caller in', async () => {
    const { handler } = lambda({}, { rate: { requests: 1, seconds: 3600 } });
    for (let n = 0; n < 2; n++) {
      expect(await handler({ image }, context)).toMatchObject({ caption: 'a dog runs' });
    }
  });

  it('answer with the caption itself', async () => {
    const { handler, engine } = lambda({}, { apiKeys: ['a-key-that-iam-spares'] });
    const answer = await handler({ image, beams: 2, attention: true }, context);
    expect(answer).toMatchObject({ caption: 'a dog runs', requestId: context.awsRequestId });
    expect(engine.calls[0]?.options).toMatchObject({ numBeams: 2, attention: true });
  });

  it('fail with an error whose name is the code, for state machines to catch', async () => {
    const { handler } = lambda({ failure: new CaptionError('UNSUPPORTED_FORMAT', 'No image.') });
    const failing = handler({ image }, context);
    await expect(failing).rejects.toMatchObject({
      name: 'UNSUPPORTED_FORMAT',
      message: 'No image.',
    });
    await expect(handler({ image, size: 3 }, context)).rejects.toMatchObject({
      name: 'INVALID_OPTION',
    });
    await expect(handler({ key1: 'value1' }, context)).rejects.toMatchObject({
      name: 'INVALID_INPUT',
    });
    await expect(handler('text', context)).rejects.toMatchObject({ name: 'INVALID_INPUT' });
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    await expect(handler({ image, beams: deep }, context)).rejects.toMatchObject({
      name: 'INVALID_OPTION',
    });
    await expect(handler({ image: deep }, context)).rejects.toMatchObject({
      name: 'INVALID_INPUT',
    });
  });
});

it.each([recordedEvent('scheduled'), { warm: true }, { source: 'aws.scheduler' }, {}, null])(
  'answers a ping without work: %j',
  async (event) => {
    const { handler, engine, records } = lambda();
    expect(await handler(event, lambdaContext())).toEqual({ warm: true });
    expect(engine.calls).toHaveLength(0);
    expect(records).toHaveLength(0);
  },
);

describe('events of other kinds', () => {
  it.each([
    ['an SQS message batch', { Records: [{ eventSource: 'aws:sqs', body: '{}' }] }],
    ['an S3 notification', { Records: [{ eventSource: 'aws:s3', s3: {} }] }],
    ['an SNS message', { Records: [{ EventSource: 'aws:sns' }] }],
    ['a list of records', { Records: ['x'] }],
    ['WebSocket', { requestContext: { connectionId: 'a', eventType: 'MESSAGE' }, body: 'x' }],
    ['an EventBridge event', { 'detail-type': 'Object Created', source: 'aws.s3', detail: {} }],
    ['authorizer', { type: 'TOKEN', methodArn: 'arn:aws:execute-api' }],
    ['authorizer', { ...recordedEvent('rest-api-v1'), type: 'REQUEST', methodArn: 'arn:aws' }],
    ['authorizer', { ...recordedEvent('http-api-v2'), type: 'REQUEST', routeArn: 'arn:aws' }],
    ['without a path', { httpMethod: 'GET' }],
    ['an array', []],
    ['an array', [{ warm: true }]],
    ['a string', 'text'],
    ['a number', 3],
  ])('are refused by their name: %s', async (name, event) => {
    await expect(lambda().handler(event, lambdaContext())).rejects.toMatchObject({
      name: 'INVALID_INPUT',
      message: expect.stringContaining(name),
    });
  });

  it('a cookie beyond Latin-1 is no reason not to answer', async () => {
    const event = { ...eventWithBody('http-api-v2', photo), cookies: ['name=\u20ac'] };
    expect((await lambda().http(event)).statusCode).toBe(200);
  });

  it.each(['constructor', 'toString', '__proto__', 'TRACE', 'CONNECT', 'A B', '', 'X'.repeat(1e6)])(
    'the method %.20s is a 405',
    async (httpMethod) => {
      const answer = await lambda().http({ ...recordedEvent('rest-api-v1'), httpMethod });
      expect(answer.statusCode).toBe(405);
      expect(answer.body.length).toBeLessThan(1000);
    },
  );
});

it('answers every mutant of an event, or refuses it by a code', async () => {
  const { handler } = lambda();
  const image = Buffer.from(photo).toString('base64');
  const direct = [
    { image, beams: 2, attention: true },
    { image, embed: true, decode: 'exact' },
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...httpEventNames, ...direct),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
      strangeValues,
      fc.boolean(),
      async (name, path, value, withBody) => {
        const http = (name: (typeof httpEventNames)[number]) =>
          withBody ? eventWithBody(name, photo) : recordedEvent(name);
        const event = typeof name === 'string' ? http(name) : name;
        const result = await handler(mutate(event, path, value), lambdaContext()).catch(
          (error: Error) => error,
        );
        if (result instanceof Error) {
          expect(result.name).toMatch(/^(INVALID_INPUT|INVALID_OPTION)$/);
        } else if ('statusCode' in (result as object)) {
          expect((result as HttpResult).statusCode).toBeLessThan(500);
        } else if (typeof name === 'string') expect(result).toEqual({ warm: true });
        else expect(result).toMatchObject({ model: { name: 'scripted' } });
      },
    ),
    { numRuns: 1500 },
  );
});
