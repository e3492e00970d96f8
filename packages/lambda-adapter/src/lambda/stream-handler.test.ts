import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { eventWithBody, recordedEvent } from '../../test/events/index.js';
import { lambdaContext } from '../../test/lambda-context.js';
import { type Script, scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from '../http/app.js';
import type { RequestRecord } from '../http/request-record.js';
import { createStreamHandler, type ResponseStream } from './stream-handler.js';

type Handler = (event: unknown, stream: ResponseStream, context: unknown) => Promise<void>;

/** A client that takes so many pieces, and then no more. */
class Client extends Writable {
  readonly pieces: string[] = [];
  prelude: unknown;
  type: string | undefined;
  readonly #most: number;

  constructor(most = Number.POSITIVE_INFINITY) {
    super({ highWaterMark: 1 });
    this.#most = most;
  }

  override _write(piece: Buffer, _: BufferEncoding, done: () => void): void {
    this.pieces.push(piece.toString());
    if (this.pieces.length <= this.#most) setImmediate(done);
  }

  setContentType(type: string): void {
    this.type = type;
  }

  get text(): string {
    return this.pieces.join('');
  }
}

function lambda(script?: Script) {
  const engine = scriptedEngine(script);
  const records: RequestRecord[] = [];
  const handler = createStreamHandler(
    createApp({ engine: async () => engine }),
    {
      streamifyResponse: (handle) => handle,
      HttpResponseStream: {
        from: (stream, prelude) => Object.assign(stream, { prelude }),
      },
    },
    (record) => records.push(record),
  ) as Handler;
  const send = async (event: unknown, client = new Client()) => {
    await handler(event, client, lambdaContext());
    return client;
  };
  return { engine, records, send };
}

const photo = new Uint8Array([1, 2, 3]);
function asking(accept: string): Record<string, unknown> {
  const event = eventWithBody('function-url', photo);
  return { ...event, headers: { ...(event.headers as object), accept } };
}

describe('the streaming handler', () => {
  it('sends words as they come, after status and headers', async () => {
    const { send } = lambda({ pace: 5 });
    const { prelude, pieces, text } = await send(asking('text/event-stream'));
    expect(prelude).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    });
    expect(pieces.length).toBeGreaterThan(2);
    expect(text).toContain('event: result');
  });

  it('sends the other answers whole, those to direct invocations and pings too', async () => {
    const { send } = lambda();
    expect(JSON.parse((await send(asking('*/*'))).text)).toMatchObject({ caption: 'a dog runs' });
    const image = Buffer.from(photo).toString('base64');
    const direct = await send({ image, embed: true });
    expect(direct.type).toBe('application/json');
    expect(JSON.parse(direct.text)).toMatchObject({ model: { name: 'scripted' } });
    expect(JSON.parse((await send(recordedEvent('scheduled'))).text)).toEqual({ warm: true });
    await expect(send({ Records: [] })).rejects.toMatchObject({ name: 'INVALID_INPUT' });
  });

  it('an answer without a body has its status sent all the same', async () => {
    const { send } = lambda();
    const client = await send({ ...asking('*/*'), body: '' });
    expect(client.prelude).toMatchObject({ statusCode: 204 });
    // Lambda sends the prelude with the first write.
    expect(client.pieces).toEqual(['']);
    await expect.poll(() => client.writableFinished).toBe(true);
  });

  it('stops when the client leaves while it reads nothing', async () => {
    const { send, records, engine } = lambda({ pace: 5, words: Array(400).fill('word') });
    const client = new Client(1);
    const sending = send(asking('text/event-stream'), client);
    await expect.poll(() => client.pieces.length).toBe(2);
    client.destroy();
    await sending;
    await expect.poll(() => records).toHaveLength(1);
    expect(engine.calls[0]?.options.signal?.aborted).toBe(true);
  });
});
