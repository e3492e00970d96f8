/**
 * Builds the page and serves it: `pnpm demo [--port 4173] [--model FOLDER] [--api] [--api-port 8080]`.
 *
 * --api       also starts the HTTP API, set so that this page may ask it; the page is then api.html
 * --api-port  where the API listens
 */
import { execFileSync, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { serve } from './serve.mjs';

const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env.PORT ?? '4173' },
    model: { type: 'string' },
    api: { type: 'boolean' },
    'api-port': { type: 'string', default: '8080' },
  },
});
const endpoint = `http://localhost:${values['api-port']}`;
const { out } = await build({ model: values.model, ...(values.api && { endpoint }) });
const { address, close } = await serve({ root: out, port: Number(values.port) });
if (values.api) startApi(new URL(address).port);
console.log(`zipcaption is at ${address}${values.api ? 'api.html' : ''} (Ctrl+C ends it)`);

/** @param {string} pagePort browsers know the page by either name */
function startApi(pagePort) {
  execFileSync(join(workspace, 'node_modules/.bin/tsc'), ['--build', 'packages/lambda-adapter'], {
    cwd: workspace,
    stdio: 'inherit',
  });
  const script = join(workspace, 'packages/lambda-adapter/dist/server/main.js');
  const origins = ['localhost', '127.0.0.1'].map((host) => `http://${host}:${pagePort}`);
  const api = spawn(process.execPath, [script, '--port', values['api-port']], {
    stdio: 'inherit',
    env: {
      ...process.env,
      ZIPCAPTION_CORS_ORIGINS: origins.join(' '),
      ...(values.model && { ZIPCAPTION_MODEL: resolve(values.model) }),
    },
  });
  // The terminal sends Ctrl+C to both; whatever ends one ends the other.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => api.kill());
  api.on('exit', (code) => {
    process.exitCode = code ?? 0;
    void close();
  });
}
