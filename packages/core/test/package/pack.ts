import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const core = join(root, 'packages/core');

/** The compiled package; scripts/vitest-build.ts compiles it before the tests. */
export const dist = join(core, 'dist');

/** An empty folder with the packed package in its `node_modules`, as `npm install` would leave it. */
export function installedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'zipcaption-installed-'));
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: core,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  ) as { filename: string }[] | Record<string, { filename: string }>;
  const [{ filename } = { filename: '' }] = Object.values(packed);
  const target = join(folder, 'node_modules/zipcaption');
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', target, '--strip-components=1']);
  linkDependencies(join(core, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** The dependencies are those of the workspace: downloading them again would test the registry. */
function linkDependencies(from: string, to: string): void {
  for (const entry of readdirSync(from)) {
    if (entry.startsWith('.')) continue;
    if (entry.startsWith('@')) {
      mkdirSync(join(to, entry), { recursive: true });
      linkDependencies(join(from, entry), join(to, entry));
    } else symlinkSync(join(from, entry), join(to, entry));
  }
}

export const sample = (name: string): string => join(root, 'samples', name);
export const tinyModel = join(core, 'test/fixtures/tiny-model');
