// Checks every published package as npm would carry it: packs it, then publint (exports, files) and
// "are the types wrong" (types that resolve for ESM and bundlers).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = [
  ...['packages/core', 'packages/lambda-adapter', 'models/lite'],
  ...['packages/rehype-zipcaption', 'packages/remark-zipcaption'],
];
const target = mkdtempSync(join(tmpdir(), 'zipcaption-packed-'));
let failed = false;

for (const folder of packages) {
  const pkgDir = join(root, folder);
  // pnpm writes real versions where the workspace has "workspace:*".
  const packed = JSON.parse(
    execFileSync('npx', ['-y', 'pnpm@12', 'pack', '--json', '--pack-destination', target], {
      ...{ cwd: pkgDir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    }),
  );
  const { filename, files } = Array.isArray(packed) ? packed[0] : packed;
  console.log(`${folder}: ${files.length} files`);
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
rmSync(target, { recursive: true });
process.exit(failed ? 1 : 0);
