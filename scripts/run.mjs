// Runs a TypeScript script of this repository: bundles it with esbuild (packages stay outside the
// bundle) and starts it with the remaining arguments.
//
//   node scripts/run.mjs scripts/bench/index.ts --json
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [file, ...args] = process.argv.slice(2);
if (!file) {
  console.error('usage: node scripts/run.mjs FILE.ts [ARGUMENT …]');
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const source = resolve(file);
// Beside the source, so that bare imports resolve as they would from there.
const outfile = join(dirname(source), '.cache', `${basename(source, '.ts')}.mjs`);
mkdirSync(dirname(outfile), { recursive: true });
await build({
  entryPoints: [source],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
  alias: { '#platform': join(root, 'packages/core/src/node/platform.ts') },
});
// Another Node than this one, for benchmarks.
const node = process.env.ZIPCAPTION_NODE ?? process.execPath;
const nodeArgs = ['--enable-source-maps', ...(process.env.ZIPCAPTION_NODE_ARGS?.split(' ') ?? [])];
const { status, signal } = spawnSync(node, [...nodeArgs, outfile, ...args], {
  stdio: 'inherit',
});
process.exit(status ?? (signal ? 1 : 0));
