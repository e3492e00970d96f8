import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadCaptioner } from '../../src/captioner.js';
import { photo } from './photos.js';
import { fixture, recording } from './recordings.js';

let server: Server;
let address: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const path = join(fixture('.'), new URL(request.url ?? '', 'http://x').pathname);
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes) return response.writeHead(404).end();
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

  test('that leads nowhere is refused', async () => {
    await expect(loadCaptioner({ model: `${address}/nobody` })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
  });
});
