import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from '../http/problem.js';

/** Chunks of a body that may be of any size. */
const ANY_CHUNKS = 1_000;
/** Bytes that the chunks must have on average beyond that. */
const LEAST_CHUNK = 64;
/** Bytes of an answer of which a client must read some within the write timeout. */
const ANSWER_PIECE = 16 * 1024;
/** Chunks smaller than this are joined before they are handed on, up to so many bytes. */
const JOINED = 16 * 1024;

export interface IncomingBody {
  /** Called when the body is read for the first time. */
  onWanted(): void;
  /** Called with a function that fails the body. */
  onBroken(act: (error: Error) => void): void;
}

/**
 * A Node request as a web one; its body is read only as fast as it is wanted.
 *
 * @throws TypeError if it is none that a `Request` can hold
 */
export function requestFrom(
  incoming: IncomingMessage,
  address: URL,
  signal: AbortSignal,
  body: IncomingBody,
): Request {
  const { method = 'GET' } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(address, {
    method,
    signal,
    headers: headersOf(incoming),
    ...(hasBody && { body: bodyOf(incoming, body), duplex: 'half' }),
  });
}

export function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    headers.append(name, value);
  }
  return headers;
}

/**
 * Unlike `Readable.toWeb` this leaves the connection alone when the reader gives up, so that an
 * answer (413, say) can still be sent.
 */
function bodyOf(incoming: IncomingMessage, { onWanted, onBroken }: IncomingBody): ReadableStream {
  let done = false;
  let wanted = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const settle = (act: () => void) => {
          if (done) return;
          done = true;
          act();
        };
        const fail = (error: Error) => settle(() => controller.error(error));
        const small: Uint8Array[] = [];
        let [smallBytes, chunks, bytes] = [0, 0, 0];
        const handOn = (chunk: Uint8Array) => {
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        };
        const join = () => {
          if (done || small.length === 0) return;
          const joined = Buffer.concat(small.splice(0));
          smallBytes = 0;
          handOn(joined);
        };
        incoming.pause();
        incoming.on('data', (chunk: Uint8Array) => {
          if (done) return;
          chunks++;
          bytes += chunk.length;
          // Each may have come in two pieces.
          if (chunks > ANY_CHUNKS && bytes < (chunks / 2) * LEAST_CHUNK) {
            fail(tooManyChunks());
          } else if (smallBytes + chunk.length >= JOINED) {
            join();
            handOn(chunk);
          } else {
            if (small.length === 0) setImmediate(join);
            small.push(chunk);
            smallBytes += chunk.length;
          }
        });
        incoming.once('end', () => {
          join();
          settle(() => controller.close());
        });
        incoming.once('error', fail);
        incoming.once('close', () => fail(new Error('The upload was interrupted.')));
        onBroken(fail);
      },
      pull() {
        if (!wanted) onWanted();
        wanted = true;
        incoming.resume();
      },
      cancel() {
        done = true;
      },
    },
    // Nothing is read before it is asked for: a request may be refused by its headers alone.
    { highWaterMark: 0 },
  );
}

function tooManyChunks(): HttpError {
  return new HttpError(
    'BAD_REQUEST',
    `The body comes in too many chunks: after the first ${ANY_CHUNKS} they must have ${LEAST_CHUNK} bytes or more on average. Send the photo in larger pieces, or with a Content-Length.`,
    { headers: { connection: 'close' } },
  );
}

export interface AnswerRules {
  /** Close the connection afterwards. */
  readonly isLast: boolean;
  /** Milliseconds in which the client must read some of what it is sent. */
  readonly writeTimeout: number;
}

/** Sends a web response. A client that does not read it is cut off. */
export async function answerWith(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { isLast, writeTimeout }: AnswerRules,
): Promise<void> {
  if (outgoing.destroyed || outgoing.socket?.destroyed) {
    await response.body?.cancel();
    return;
  }
  const { headers } = response;
  // What is left of the body would be taken for the next request.
  const unread = !incoming.complete;
  if (isLast || unread) headers.set('connection', 'close');
  const { body } = response;
  const whole =
    body && !isStream(headers) ? new Uint8Array(await response.arrayBuffer()) : undefined;
  // HTTP/1.0, which some proxies speak, keeps a connection only after an answer whose length it knows.
  if (whole) headers.set('content-length', String(whole.length));
  outgoing.writeHead(response.status, [...headers].flat());
  if (whole) await write(whole, outgoing, writeTimeout);
  else if (body) await pump(body, outgoing, writeTimeout);
  outgoing.end();
  void isRead(outgoing, writeTimeout, 'finish');
  // A client that does not read before all is sent must be able to send it.
  if (unread) incoming.resume();
}

/** Words that are sent as they are found. */
function isStream(headers: Headers): boolean {
  return /^text\/event-stream\b/.test(headers.get('content-type') ?? '');
}

/** In pieces: a client that reads slowly is not one that does not read. */
async function write(
  bytes: Uint8Array,
  outgoing: ServerResponse,
  writeTimeout: number,
): Promise<void> {
  for (let at = 0; at < bytes.length && !outgoing.destroyed; at += ANSWER_PIECE) {
    const piece = bytes.subarray(at, at + ANSWER_PIECE);
    if (!outgoing.write(piece)) await isRead(outgoing, writeTimeout, 'drain');
  }
}

async function pump(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  writeTimeout: number,
): Promise<void> {
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => undefined);
  outgoing.once('close', stop);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (outgoing.destroyed) return;
      await write(next.value, outgoing, writeTimeout);
    }
  } finally {
    outgoing.off('close', stop);
  }
}

/** Resolves when the event comes or the connection is gone; destroys the connection if it is late. */
function isRead(
  outgoing: ServerResponse,
  writeTimeout: number,
  event: 'drain' | 'finish',
): Promise<void> {
  if (outgoing.writableFinished || outgoing.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    // After a stall of the whole process it may not be known yet what was read meanwhile.
    const late = setTimeout(() => setImmediate(destroyIfLate), writeTimeout);
    late.unref();
    let isDone = false;
    const destroyIfLate = () => {
      if (!isDone) outgoing.destroy();
    };
    const done = () => {
      isDone = true;
      clearTimeout(late);
      outgoing.off(event, done).off('close', done);
      resolve();
    };
    outgoing.once(event, done).once('close', done);
  });
}
