import { expect, it } from 'vitest';
import { scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from '../http/app.js';
import { listenFailure } from './listen-failure.js';
import { startServer } from './node-server.js';

const app = createApp({ engine: async () => scriptedEngine() });

/** What is told of a start that fails. */
async function whyNot(host: string, port: number): Promise<string | undefined> {
  const failure = await startServer(app, { host, port }).then(
    () => undefined,
    (error: unknown) => error,
  );
  return listenFailure(failure, { host, port });
}

it('tells which flag to change when the server cannot listen', async () => {
  const server = await startServer(app, { port: 0 });
  const port = Number(new URL(server.url).port);
  expect(await whyNot('127.0.0.1', port)).toMatch(`Port ${port} of 127.0.0.1 is in use`);
  await server.close();
  expect(await whyNot('192.0.2.1', 0)).toContain('--host');
  expect(await whyNot('[::1]', 0)).toContain('--host');
});

it('leaves other failures alone', () => {
  expect(listenFailure(new Error('Something else.'), { host: 'a', port: 1 })).toBeUndefined();
});
