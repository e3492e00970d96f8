import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a call on its way; undefined: nothing. */
export type Fault =
  | 'slow-down'
  /** The connection breaks before the call arrives. */
  | 'reset'
  /** The call is carried out, but its answer is lost. */
  | 'lost-answer'
  /** Nothing comes back at all until the client gives up. */
  | 'hang'
  | 'forbidden';

export interface FaultProxy {
  readonly port: number;
  /** Where the calls go. */
  target: number;
  /** Decides about a call: `GET /bucket/key` or `DynamoDB_20120810.PutItem`. */
  fault: (call: string) => Fault | undefined;
  /** Calls, and those that had a fault, by its kind. */
  readonly counts: Record<string, number>;
  close(): void;
}

/**
 * Stands between the function and moto. Besides faults it gives moto something that AWS has: writes to
 * one object or table are carried out one after another (moto's conditional writes are not atomic).
 */
export async function startFaultProxy(): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const writing = new Map<string, Promise<void>>();
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const proxy: FaultProxy = {
    port: (server.address() as AddressInfo).port,
    target: 0,
    fault: () => undefined,
    counts: {},
    close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
  const count = (what: string) => {
    proxy.counts[what] = (proxy.counts[what] ?? 0) + 1;
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = (request.url ?? '').split('?')[0] ?? '';
    const target = request.headers['x-amz-target'];
    const call = target ? String(target) : `${request.method} ${path}`;
    const fault = proxy.fault(call);
    count('calls');
    if (fault) {
      count(fault);
      if (fault === 'hang') return;
      if (fault === 'reset') return void response.destroy();
      if (fault === 'slow-down') return refuse(response, 503, 'SlowDown', target !== undefined);
      if (fault === 'forbidden') return refuse(response, 403, 'AccessDenied', false);
    }
    const key = /^PUT|PutItem$/.test(call) ? call : undefined;
    const turn = (key && writing.get(key)) || Promise.resolve();
    const sent = turn.then(() => forward(request, body, response, fault === 'lost-answer'));
    if (key) {
      const over = sent.catch(() => undefined);
      writing.set(key, over);
      void over.then(() => {
        if (writing.get(key) === over) writing.delete(key);
      });
    }
    await sent;
  }

  function forward(
    { method, url, headers }: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    isLost: boolean,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: proxy.target, agent, method, path: url, headers };
      const onward = httpRequest(options, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.once('error', reject);
        answer.once('end', () => {
          if (isLost) response.destroy();
          else
            response.writeHead(answer.statusCode ?? 500, answer.headers).end(Buffer.concat(parts));
          resolve();
        });
      });
      onward.once('error', reject);
      onward.end(body);
    });
  }

  return proxy;
}

function refuse(response: ServerResponse, status: number, code: string, isJson: boolean): void {
  if (isJson) {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'ThrottlingException', message: 'Slow down.' }));
    return;
  }
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
