// `pnpm caption`: builds the command line if the sources changed, then runs it; without arguments
// it captions the sample photos.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

try {
  execFileSync(
    process.execPath,
    [inRoot('node_modules/typescript/bin/tsc'), '--build', inRoot('packages/core')],
    {
      stdio: ['ignore', 2, 2],
    },
  );
} catch {
  process.exit(1);
}

const given = process.argv.slice(2);
const photos = readdirSync(inRoot('samples')).filter((name) =>
  /\.(jpe?g|png|webp|gif)$/.test(name),
);
const args = given.length > 0 ? given : photos.map((name) => `samples/${name}`);
const cli = spawn(process.execPath, [inRoot('packages/core/dist/cli/main.js'), ...args], {
  stdio: 'inherit',
  // Where the user stands, which pnpm tells: it runs scripts in the workspace's root.
  cwd: given.length > 0 ? (process.env.INIT_CWD ?? process.cwd()) : root,
});
// The terminal sends Ctrl-C to both; the command line decides how to end.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => cli.kill(signal));
cli.on('exit', (code, signal) => process.exit(code ?? (signal ? 130 : 1)));
