import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { repositoryRoot } from '../../scripts/repository-root.js';

const main = join(repositoryRoot, 'packages/lambda-adapter/dist/server/main.js');

function serve(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (data: string) => {
    text += data;
  });
  const exit = once(child, 'close').then(([code, signal]) => ({ code, signal, text }));
  return { child, exit };
}

it('ends at once when it is told to while the model is still being loaded', async () => {
  // Gives the model's manifest never.
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  const asked = once(silent, 'request');
  const { child, exit } = serve(['--port', '0'], {
    ZIPCAPTION_MODEL: `http://127.0.0.1:${port}/model/`,
  });
  await asked;
  child.kill('SIGTERM');
  expect(await exit).toEqual({ code: 0, signal: null, text: '' });
});

it('says in one line why it cannot start', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  for (const [args, reason] of [
    [['--port', String(port)], 'is in use by another program'],
    [['--host', ''], '--host must be an address'],
    [['--port', '70000'], '--port must be a whole number'],
  ] as const) {
    const { code, text } = await serve(args).exit;
    expect(code).toBe(1);
    expect(text).toContain(reason);
    expect(text.trim()).not.toContain('\n');
  }
});
