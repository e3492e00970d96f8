// Checks every published package as npm would carry it: packs it, then publint (exports, files) and
// "are the types wrong" (types that resolve for ESM and bundlers); sizes, and the number of packages that
// are installed, within budgets.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Bytes that npm may have to download of each. */
const budgets = {
  'packages/core': 1_000_000,
  'packages/lambda-adapter': 150_000,
  'models/lite': 14_000_000,
  'packages/rehype-zipcaption': 20_000,
  'packages/remark-zipcaption': 20_000,
};
/** Packages that come with `npm install zipcaption`, itself not counted. */
const packageBudgets = { '--omit=optional': 8, '': 115 };
const target = mkdtempSync(join(tmpdir(), 'zipcaption-packed-'));
let failed = false;

for (const [folder, budget] of Object.entries(budgets)) {
  const pkgDir = join(root, folder);
  // pnpm writes real versions where the workspace has "workspace:*".
  const packed = JSON.parse(
    execFileSync('npx', ['-y', 'pnpm@12', 'pack', '--json', '--pack-destination', target], {
      cwd: pkgDir,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const { filename, files } = Array.isArray(packed) ? packed[0] : packed;
  const { size } = statSync(filename);
  console.log(`${folder}: ${files.length} files, ${size} bytes packed`);
  if (size > budget) {
    failed = true;
    console.error(`  more than the budget of ${budget} bytes`);
  }
  const { messages, pkg } = await publint({ pkgDir, level: 'suggestion', strict: true });
  for (const message of messages) {
    failed = true;
    console.error(`  publint: ${formatMessage(message, pkg)}`);
  }
  if (folder.startsWith('models/')) continue; // Data only: nothing to resolve.
  try {
    execFileSync(
      process.execPath,
      [
        join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'),
        filename,
        '--profile',
        'esm-only',
      ],
      { stdio: 'pipe', encoding: 'utf8' },
    );
  } catch (error) {
    failed = true;
    console.error(error.stdout);
  }
}
const tree = JSON.parse(
  execFileSync(
    'npx',
    ['-y', 'pnpm@12', '--filter', 'zipcaption', 'list', '--prod', '--depth=Infinity', '--json'],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 },
  ),
)[0];
/** Names and versions of dependencies, and of theirs. */
const packagesIn = (dependencies = {}) =>
  Object.entries(dependencies).flatMap(([name, { version, dependencies: own }]) => [
    `${name}@${version}`,
    ...packagesIn(own),
  ]);
const required = packagesIn(tree.dependencies);
for (const [flag, budget] of Object.entries(packageBudgets)) {
  const optional = flag === '' ? packagesIn(tree.optionalDependencies) : [];
  const { size } = new Set([...required, ...optional]);
  console.log(`npm install zipcaption ${flag}: ${size} packages besides it`);
  if (size > budget) {
    failed = true;
    console.error(`  more than the budget of ${budget} packages`);
  }
}
rmSync(target, { recursive: true });
process.exit(failed ? 1 : 0);
