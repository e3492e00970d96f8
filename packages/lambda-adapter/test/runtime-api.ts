import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a function answered to one invocation. */
export interface Invocation {
  readonly body: Buffer;
  /** Milliseconds from handing out the event to the end of the answer. */
  readonly duration: number;
  /** Set when the function failed: Lambda's error type and message. */
  readonly error?: { readonly errorType: string; readonly errorMessage: string };
  /** Set when the answer was streamed through `HttpResponseStream`. */
  readonly stream?: {
    readonly prelude: { readonly statusCode: number; readonly headers: Record<string, string> };
    /** The body in the pieces in which it came, with the milliseconds after the first. */
    readonly pieces: readonly { readonly text: string; readonly at: number }[];
  };
}

export interface RuntimeApi {
  /** For `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string;
  /** Resolves when the function asks for its first event; rejects when it reports a failed init. */
  readonly ready: Promise<void>;
  invoke(event: unknown, timeLeft?: number): Promise<Invocation>;
  close(): void;
}

interface Waiting {
  readonly id: string;
  readonly event: string;
  readonly timeLeft: number;
  started: number;
  resolve(invocation: Invocation): void;
}

const PREFIX = '/2018-06-01/runtime/';
const HTTP_INTEGRATION = 'application/vnd.awslambda.http-integration-response';

/**
 * Lambda's Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), as far as a
 * runtime client uses it: it hands out events one at a time and takes the answers.
 */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const queue: Waiting[] = [];
  const running = new Map<string, Waiting>();
  let idle: ServerResponse | undefined;
  let count = 0;
  let becomeReady: () => void = () => undefined;
  let failInit: (error: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    becomeReady = resolve;
    failInit = reject;
  });
  ready.catch(() => undefined);

  function handOut(): void {
    const next = idle && queue.shift();
    if (!idle || !next) return;
    next.started = performance.now();
    running.set(next.id, next);
    idle.writeHead(200, {
      'content-type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': next.id,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + next.timeLeft),
      'Lambda-Runtime-Invoked-Function-Arn':
        'arn:aws:lambda:eu-central-1:123456789012:function:zipcaption',
      'Lambda-Runtime-Trace-Id':
        'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1',
    });
    idle.end(next.event);
    idle = undefined;
  }

  async function answer(path: string, request: IncomingMessage, response: ServerResponse) {
    const pieces: { data: Buffer; at: number }[] = [];
    for await (const data of request) pieces.push({ data: data as Buffer, at: performance.now() });
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
    const body = Buffer.concat(pieces.map(({ data }) => data));
    const [, id = '', kind] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (path === 'init/error') {
      failInit(new Error(`The function could not start: ${body.toString()}`));
      return;
    }
    const invocation = running.get(id);
    if (!invocation) return;
    running.delete(id);
    const streamed = request.headers['content-type'] === HTTP_INTEGRATION;
    invocation.resolve({
      body,
      duration: performance.now() - invocation.started,
      ...(kind === 'error' && { error: JSON.parse(body.toString()) }),
      ...(streamed && { stream: splitStream(pieces) }),
    });
  }

  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(PREFIX.length);
    if (path === 'invocation/next') {
      idle = response;
      becomeReady();
      handOut();
      return;
    }
    void answer(path, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    ready,
    invoke(event, timeLeft = 30_000) {
      return new Promise((resolve) => {
        const id = `8476a536-e9f4-11e8-9739-${String(++count).padStart(12, '0')}`;
        queue.push({ id, event: JSON.stringify(event), timeLeft, started: 0, resolve });
        handOut();
      });
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A streamed HTTP answer is a JSON prelude, eight zero bytes, and the body. */
function splitStream(pieces: readonly { data: Buffer; at: number }[]) {
  const whole = Buffer.concat(pieces.map(({ data }) => data));
  const end = whole.indexOf(Buffer.alloc(8));
  let start = end + 8;
  const body: { text: string; at: number }[] = [];
  for (const { data, at } of pieces) {
    const rest = data.subarray(Math.min(start, data.length));
    start -= Math.min(start, data.length);
    if (rest.length > 0) body.push({ text: rest.toString(), at: at - (pieces[0]?.at ?? at) });
  }
  return { prelude: JSON.parse(whole.subarray(0, end).toString()), pieces: body };
}
