// Bundles the command line of packages/core, with the worker it starts, into dist/bundle: a hundred small
// modules take Node as long to find as a caption takes.
//
//   node scripts/build-cli.mjs        after tsc --build
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../packages/core/dist/', import.meta.url));
rmSync(`${dist}bundle`, { recursive: true, force: true });
await build({
  entryPoints: [`${dist}cli/start.js`, `${dist}node/worker.js`],
  // All files side by side: they name each other relative to themselves.
  outdir: `${dist}bundle`,
  entryNames: '[name]',
  chunkNames: '[name]-[hash]',
  splitting: true,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  // Names stay: an unexpected error is printed with its stack.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  alias: { '#platform': `${dist}node/platform.js` },
});
