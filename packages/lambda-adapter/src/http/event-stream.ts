import type { CaptionOptions } from 'zipcaption';
import type { CaptionJson } from './answer.js';
import { HttpError, toProblem } from './problem.js';
import type { RequestOptions } from './request-options.js';
import type { RequestRecord } from './request-record.js';
import type { TimeLimit } from './time-limit.js';

export interface EventStreamRequest {
  readonly options: RequestOptions;
  readonly limit: TimeLimit;
  readonly requestId: string;
  readonly record: RequestRecord;
  /** The caption, if it is known from before. */
  readonly remembered: CaptionJson | undefined;
  /** Captions the photo; `gone` fires when nobody reads the stream any more. */
  caption(onToken: NonNullable<CaptionOptions['onToken']>, gone: AbortSignal): Promise<CaptionJson>;
  /** Called when all is sent or the client has gone; not when the stream never came to be. */
  done(): void;
}

/**
 * Server-sent events (HTML standard, section 9.2): `token` with each piece of text as it is found,
 * then `result` with the whole answer, or `error` with problem details. A failure before the first
 * word still becomes an answer with a status of its own.
 */
export async function eventStream(request: EventStreamRequest): Promise<Response> {
  const { options, limit, requestId, record, remembered, caption, done } = request;
  const { beams = 1, numCaptions = 1 } = options;
  if (beams > 1 || numCaptions > 1) {
    throw new HttpError(
      'INVALID_OPTION',
      'Streaming needs "beams" 1 and "numCaptions" 1: beam search knows its words only at the end.',
    );
  }
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const gone = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      controller = undefined;
      gone.abort();
    },
  });
  const send = (event: string, data: unknown) =>
    controller?.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  const end = () => {
    done();
    controller?.close();
    controller = undefined;
  };

  let answered = false;
  let started: () => void = () => undefined;
  const firstWord = new Promise<void>((resolve) => {
    started = () => {
      answered = true;
      record.status = 200;
      resolve();
    };
  });
  const work = async (): Promise<CaptionJson> => {
    if (remembered && remembered.alternatives.length === 0) {
      record.cacheHits = 1;
      started();
      send('token', { text: remembered.caption });
      return remembered;
    }
    return caption((piece) => {
      started();
      if (piece !== '') send('token', { text: piece });
    }, gone.signal);
  };

  const working = work().then(
    (json) => {
      started(); // An empty caption has no words.
      send('result', { ...json, requestId });
      end();
    },
    (error: unknown) => {
      const explained = limit.explain(error);
      record.error = explained;
      if (!answered) throw explained;
      send('error', toProblem(explained, requestId));
      end();
    },
  );
  await Promise.race([firstWord, working]);
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Asks nginx, should one stand in between, not to hold the words back.
      'x-accel-buffering': 'no',
    },
  });
}
