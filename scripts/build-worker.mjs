// Bundles the Web Worker of packages/core into one file, dist/browser/captioner-worker.js: a worker has no
// import map, and bundlers that only copy it (Rollup, esbuild) would leave its imports behind.
//
//   node scripts/build-worker.mjs        after tsc --build
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const core = fileURLToPath(new URL('../packages/core/', import.meta.url));
await build({
  entryPoints: [`${core}src/browser/worker.ts`],
  outfile: `${core}dist/browser/captioner-worker.js`,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  alias: { '#platform': `${core}src/browser/worker-platform.ts` },
  logLevel: 'warning',
});
