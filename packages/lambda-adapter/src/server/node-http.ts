import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A Node request as a web one; its body is read only as fast as it is wanted. */
export function requestFrom(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', headers, url = '/' } = incoming;
  const host = headers.host ?? 'localhost';
  const address = url.startsWith('/') ? `http://${host}${url}` : url;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(address, {
    ...{ method, signal, headers: headersOf(incoming) },
    ...(hasBody && { body: bodyOf(incoming), duplex: 'half' }),
  });
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
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
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let done = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const settle = (act: () => void) => () => {
          if (done) return;
          done = true;
          act();
        };
        incoming.pause();
        incoming.on('data', (chunk: Uint8Array) => {
          if (done) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        });
        incoming.once(
          'end',
          settle(() => controller.close()),
        );
        const broken = settle(() => controller.error(new Error('The upload broke off.')));
        incoming.once('error', broken);
        incoming.once('close', broken);
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        done = true;
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 256 * 1024 }),
  );
}

/** Milliseconds that the rest of a refused upload is listened to, so that its sender reads the answer. */
const LINGER = 2_000;

/**
 * Sends a web response.
 *
 * @param last close the connection afterwards
 */
export async function answerWith(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  last: boolean,
): Promise<void> {
  if (outgoing.destroyed) {
    await response.body?.cancel();
    return;
  }
  const { headers } = response;
  // What is left of the body would be taken for the next request.
  const unread = !incoming.complete;
  if (last || unread) headers.set('connection', 'close');
  outgoing.writeHead(response.status, [...headers].flat());
  if (!response.body) outgoing.end();
  else await pump(response.body, outgoing);
  if (unread) discardRest(incoming);
}

async function pump(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => undefined);
  outgoing.once('close', stop);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (outgoing.destroyed) return;
      if (!outgoing.write(next.value)) {
        await Promise.race([once(outgoing, 'drain'), once(outgoing, 'close')]);
      }
    }
    outgoing.end();
  } finally {
    outgoing.off('close', stop);
  }
}

/** A socket closed with bytes still unread is reset, and its peer may lose the answer. */
function discardRest(incoming: IncomingMessage): void {
  incoming.resume();
  const late = setTimeout(() => incoming.destroy(), LINGER);
  late.unref();
  incoming.once('close', () => clearTimeout(late));
}
