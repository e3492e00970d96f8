// Makes an API reference of the docstrings with TypeDoc, in node_modules/.cache/api; fails where a link in
// a docstring leads nowhere, or a public type is made of one that is not exported.
//
//   node scripts/api-reference.mjs [FOLDER]
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = process.argv[2] ?? `${root}node_modules/.cache/api`;
// TypeDoc needs the compiler's JavaScript API, which TypeScript 7 has not; both stay out of the workspace.
const tools = `${root}node_modules/.cache/typedoc`;
mkdirSync(tools, { recursive: true });
const packages = ['typedoc@0.28.20', 'typescript@5.9', '@types/node@22'];
execFileSync(
  'npm',
  ['install', '--silent', '--no-save', '--no-audit', '--no-fund', '--prefix', tools, ...packages],
  {
    stdio: 'inherit',
  },
);
execFileSync(
  process.execPath,
  [
    `${tools}/node_modules/typedoc/bin/typedoc`,
    ...['--entryPoints', 'packages/core/src/index.ts', '--tsconfig', 'packages/core/tsconfig.json'],
    ...['--out', out, '--name', 'zipcaption', '--readme', 'docs/api.md', '--excludeInternal'],
    ...['--validation.invalidLink', 'true', '--validation.notExported', 'true'],
    // Tables of constants that a type is made of, and a type that looks others up.
    ...['DTYPE_SUFFIXES', 'RUNTIMES', 'InstanceOf'].flatMap((name) => [
      '--intentionallyNotExported',
      name,
    ]),
    ...['--treatValidationWarningsAsErrors', 'true', '--skipErrorChecking', 'true'],
    ...['--disableSources', '--logLevel', 'Warn'],
  ],
  { cwd: root, stdio: 'inherit' },
);
console.log(`API reference: ${out}/index.html`);
