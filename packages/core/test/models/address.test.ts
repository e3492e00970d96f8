import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadCaptioner } from '../../src/captioner.js';
import { photo } from './photos.js';
import { fixture, recording } from './recordings.js';

let server: Server;
let address: string;

/** How a server answers for a file that is not there, and whether it has HEAD. */
interface Habits {
  readonly missing: (response: ServerResponse) => void;
  readonly head?: number;
}
const usual: Habits = { missing: (response) => response.writeHead(404).end() };
let habits = usual;
afterEach(() => {
  habits = usual;
});

beforeAll(async () => {
  server = createServer(async (request, response) => {
    if (request.method === 'HEAD' && habits.head) return response.writeHead(habits.head).end();
    const path = join(fixture('.'), new URL(request.url ?? '', 'http://x').pathname);
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes) return habits.missing(response);
    response.writeHead(200, { 'content-length': bytes.length });
    return response.end(request.method === 'HEAD' ? undefined : bytes);
  });
  // On a busy machine the pause between two tests can be longer than connections are kept by default.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

describe('a Hugging Face folder at an address', () => {
  test.each(['deit-distilgpt2', 'swin-bert'])('runs as it does from disk: %s', async (family) => {
    const captioner = await loadCaptioner({ model: `${address}/${family}` });
    const expected = recording(family).photos[0]?.captions[0];
    const { tokens } = await captioner.caption(photo(0), expected?.options);
    expect(tokens.map((token) => token.id)).toEqual(expected?.found[0]?.tokens);
    await captioner.dispose();
  });

  const page = (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Welcome');
  test.each<[string, Habits]>([
    ['sends its start page for what is not there', { missing: page }],
    ['does so without knowing HEAD', { missing: page, head: 405 }],
    ['answers 403 for what is not there', { missing: (r) => r.writeHead(403).end() }],
    ['has no HEAD', { ...usual, head: 501 }],
  ])('runs from a server that %s', async (_, given) => {
    habits = given;
    const captioner = await loadCaptioner({ model: `${address}/deit-distilgpt2` });
    const expected = recording('deit-distilgpt2').photos[0]?.captions[0];
    const { tokens } = await captioner.caption(photo(0), expected?.options);
    expect(tokens.map((token) => token.id)).toEqual(expected?.found[0]?.tokens);
    await captioner.dispose();
    await expect(loadCaptioner({ model: `${address}/nobody` })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
  });

  test('whose server fails is not taken for one without files', async () => {
    habits = { missing: (response) => response.writeHead(503).end() };
    await expect(loadCaptioner({ model: `${address}/deit-distilgpt2` })).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining('503'),
    });
  });

  test('that leads nowhere is refused', async () => {
    await expect(loadCaptioner({ model: `${address}/nobody` })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
  });
});
