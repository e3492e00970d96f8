// After `changeset version`: all packages have one version, and the library says the same of itself.
import { readFileSync, writeFileSync } from 'node:fs';

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { version } = read('packages/core/package.json');
for (const folder of ['.', 'packages/demo']) {
  const path = `${folder}/package.json`;
  writeFileSync(path, `${JSON.stringify({ ...read(path), version }, null, 2)}\n`);
}
for (const folder of [
  'packages/lambda-adapter',
  'packages/rehype-zipcaption',
  'packages/remark-zipcaption',
  'models/lite',
]) {
  if (read(`${folder}/package.json`).version !== version) {
    throw new Error(
      `${folder} does not have version ${version}: see "fixed" in .changeset/config.json.`,
    );
  }
}
const source = 'packages/core/src/version.ts';
writeFileSync(source, readFileSync(source, 'utf8').replace(/'\d+\.\d+\.\d+[^']*'/, `'${version}'`));
console.log(`All packages have version ${version}.`);
