/**
 * Builds the page and serves it: `pnpm demo [--port 4173] [--model FOLDER]`.
 */
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { serve } from './serve.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env.PORT ?? '4173' },
    model: { type: 'string' },
  },
});
const { out } = await build({ model: values.model });
const { address } = await serve({ root: out, port: Number(values.port) });
console.log(`zipcaption is at ${address} (Ctrl+C ends it)`);
