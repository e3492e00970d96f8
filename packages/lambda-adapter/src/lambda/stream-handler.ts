import type { Writable } from 'node:stream';
import type { App } from '../http/app.js';
import type { LambdaContext } from './context.js';
import { invokeDirectly, isDirectEvent } from './direct.js';
import { answerHttp, callContext, type Observe, unknownEvent, WARM } from './handler.js';
import { recogniseHttpEvent } from './http-events.js';
import { resultHeaders } from './http-results.js';
import { isWarmPing } from './warm-ping.js';

/** The stream that Lambda's Node runtime hands to a streaming handler. */
export type ResponseStream = Writable & { setContentType(type: string): void };

type StreamingHandler = (
  event: unknown,
  stream: ResponseStream,
  context: LambdaContext,
) => Promise<void>;

/** The global of Lambda's Node runtime. */
export interface AwsLambda {
  streamifyResponse(handler: StreamingHandler): unknown;
  HttpResponseStream: { from(stream: ResponseStream, prelude: object): ResponseStream };
}

/**
 * The same for a Function URL with `InvokeMode: RESPONSE_STREAM`: with `Accept: text/event-stream`
 * words leave as they are found.
 *
 * @param lambda the runtime's global `awslambda`
 */
export function createStreamHandler(app: App, lambda: AwsLambda, observe?: Observe): unknown {
  return lambda.streamifyResponse(async (event, stream, context) => {
    const call = callContext(context, observe);
    const http = isWarmPing(event) ? undefined : recogniseHttpEvent(event);
    if (!http) {
      const result = isWarmPing(event)
        ? WARM
        : isDirectEvent(event)
          ? await invokeDirectly(app, event, call)
          : undefined;
      if (!result) throw unknownEvent(event);
      stream.setContentType('application/json');
      stream.end(JSON.stringify(result));
      return;
    }
    const response = await answerHttp(app, http, call);
    const { headers, cookies } = resultHeaders(response);
    const prelude = { statusCode: response.status, headers, ...(cookies.length && { cookies }) };
    await send(response, lambda.HttpResponseStream.from(stream, prelude));
  });
}

async function send(response: Response, out: ResponseStream): Promise<void> {
  const reader = response.body?.getReader();
  // Should the client go away, there is nobody left to search words for.
  const stop = () => void reader?.cancel().catch(() => undefined);
  out.once('close', stop);
  try {
    // The status and headers leave with the first write, so there must be one.
    if (!reader) out.write('');
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      if (!out.write(next.value)) await hasRoom(out);
    }
  } finally {
    out.off('close', stop);
    out.end();
  }
}

/** Resolves when more may be written, or nothing will ever be read any more. */
function hasRoom(out: ResponseStream): Promise<void> {
  if (out.destroyed || !out.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      out.off('drain', done).off('close', done);
      resolve();
    };
    out.once('drain', done).once('close', done);
  });
}
