import { execFileSync } from 'node:child_process';

/**
 * Builds the packages once before the tests: those that spawn the command line, pack a package or
 * bundle it work on what would be published.
 */
export default function build(): void {
  for (const script of [
    ['node_modules/typescript/bin/tsc', '--build'],
    ['scripts/build-worker.mjs'],
    ['scripts/build-cli.mjs'],
  ]) {
    execFileSync(process.execPath, script, { stdio: 'inherit' });
  }
}
