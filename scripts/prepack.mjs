// Before a package is packed: compiles, bundles the Web Worker and the command line, and puts the documentation beside the
// code, so that what npm carries is whole. Run by `pnpm pack` and `pnpm publish` in the package's folder.
//
//   node ../../scripts/prepack.mjs [--publish]     --publish: only checks that pnpm is publishing
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

if (process.argv.includes('--publish')) {
  // npm would leave "workspace:*" in the dependencies, which nobody can install.
  if (!process.env.npm_config_user_agent?.startsWith('pnpm/')) {
    console.error('Publish with pnpm: pnpm -r publish. npm does not know "workspace:*".');
    process.exit(1);
  }
  process.exit(0);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
if (!existsSync(tsc)) {
  console.error('The workspace is not installed: run "pnpm install" first.');
  process.exit(1);
}
const run = (...args) =>
  execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
run(tsc, '--build');
if (basename(process.cwd()) === 'core') {
  run('scripts/build-worker.mjs');
  run('scripts/build-cli.mjs');
  rmSync('docs', { recursive: true, force: true });
  mkdirSync('docs');
  for (const name of readdirSync(join(root, 'docs'))) {
    if (name.endsWith('.md')) cpSync(join(root, 'docs', name), join('docs', name));
  }
}
