import { type ChildProcess, spawn } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '../repository-root.js';
import { freshPhoto } from './photos.js';

/** What the server's own monitor found since it was last asked. */
export interface Found {
  /** Longest time between two looks at events: processor time and wall time, in milliseconds. */
  readonly cpuBlock: number;
  readonly wallBlock: number;
  /** Bytes. */
  readonly peakMemory: number;
  /** Memory now, of the thread that answers but for `rss`, which is of the process. */
  readonly memory: NodeJS.MemoryUsage;
}

export interface Answer {
  /** 0 if the connection ended without an answer. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly milliseconds: number;
  /** Why there is no answer, and whether the connection had served a request before. */
  readonly failure?: string;
}

export interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  /** Whose address the request comes from: each one on the loopback network is another client. */
  readonly from?: string;
  readonly agent?: Agent;
}

export const ATTACKER = '127.0.0.1';
export const HONEST = '127.0.0.2';

/** Resolves at the first of the events, and no longer listens for the others. */
export function firstOf(emitter: EventEmitter, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of events) emitter.off(event, done);
      resolve();
    };
    for (const event of events) emitter.on(event, done);
  });
}

/** One request to a port of this machine. */
export function sendTo(
  port: number,
  { path = '/caption', method = 'POST', headers = {}, body, from, agent }: Sent,
): Promise<Answer> {
  const started = performance.now();
  return new Promise((resolve) => {
    const end = (status: number, given: IncomingHttpHeaders, text: string) =>
      resolve({ status, headers: given, body: text, milliseconds: performance.now() - started });
    const fail = ({ code, message }: NodeJS.ErrnoException) => {
      const failure = `${code ?? message}${sent.reusedSocket ? ' on a kept connection' : ''}`;
      const milliseconds = performance.now() - started;
      resolve({ status: 0, headers: {}, body: '', milliseconds, failure });
    };
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        localAddress: from ?? ATTACKER,
        agent: agent ?? false,
        headers: { ...(body && { 'content-length': body.length }), ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data: string) => {
          text += data;
        });
        response.once('end', () => end(response.statusCode ?? 0, response.headers, text));
        response.once('error', fail);
      },
    );
    sent.once('error', fail);
    sent.end(body);
  });
}

/** A server of its own, started for one attack, reachable from this machine only. */
export class Target {
  readonly process: ChildProcess;
  readonly port: number;

  private constructor(process: ChildProcess, port: number) {
    this.process = process;
    this.port = port;
  }

  static async start(
    args: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<Target> {
    const monitor = join(repositoryRoot, 'packages/lambda-adapter/scripts/attack/monitor.mjs');
    const main = join(repositoryRoot, 'packages/lambda-adapter/dist/server/main.js');
    const child = spawn(
      process.execPath,
      ['--import', pathToFileURL(monitor).href, main, '--port', '0', ...args],
      { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: { ...process.env, ...env } },
    );
    const port = await new Promise<number>((resolve, reject) => {
      let text = '';
      child.stderr?.setEncoding('utf8').on('data', (data: string) => {
        text += data;
        const found = /http:\/\/127\.0\.0\.1:(\d+)\/caption/.exec(text)?.[1];
        if (found) resolve(Number(found));
      });
      child.once('exit', (code) => reject(new Error(`The server ended with ${code}:\n${text}`)));
    });
    const target = new Target(child, port);
    // As a server that has been running for a while: its code is compiled.
    const headers = { 'content-type': 'image/jpeg' };
    for (let n = 0; n < 3; n++) await target.send({ body: freshPhoto(), headers });
    for (let n = 0; n < 100; n++)
      await target.send({ body: Buffer.from(`no photo ${n}`), headers });
    await target.found();
    return target;
  }

  /** Whether the process is still there. */
  get isAlive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async found(): Promise<Found> {
    if (!this.isAlive) throw new Error('The server is dead.');
    const answer = once(this.process, 'message') as Promise<[Found]>;
    this.process.send('found?');
    return (await answer)[0];
  }

  send(sent: Sent): Promise<Answer> {
    return sendTo(this.port, sent);
  }

  /** A bare connection. */
  async open(from = ATTACKER): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.port, localAddress: from });
    socket.on('error', () => undefined);
    await firstOf(socket, ['connect', 'close']);
    return socket;
  }

  /** Writes bytes and gives what comes back until the server closes. */
  async talk(bytes: string, halfClose = false): Promise<string> {
    const socket = await this.open();
    let text = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data;
    });
    const closed = socket.closed ? undefined : once(socket, 'close');
    if (halfClose) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
    await Promise.race([closed, new Promise((late) => setTimeout(late, 15_000))]);
    socket.destroy();
    return text;
  }

  /** Sends SIGTERM; the exit code. */
  async stop(): Promise<number | null> {
    if (!this.isAlive) return this.process.exitCode;
    const ended = once(this.process, 'exit') as Promise<[number | null]>;
    this.process.kill('SIGTERM');
    return (await ended)[0];
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}
