// Everything that the extension needs goes into dist/: the package can leave node_modules out (.vscodeignore).
import { cpSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

await build({
  // The second entry is what the worker thread runs. It must lie beside the first and be named worker.js.
  entryPoints: { extension: 'src/extension.js', worker: 'zipcaption/worker' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode'],
  // In CommonJS zipcaption finds its files by __filename.
  logOverride: { 'empty-import-meta': 'silent' },
});

const model = dirname(fileURLToPath(import.meta.resolve('@zipcaption/lite/manifest.json')));
for (const name of readdirSync(model)) {
  if (/\.(onnx|json)$/.test(name) && name !== 'package.json') {
    cpSync(join(model, name), join('dist', name));
  }
}
// For WebP photos.
const { resolve } = createRequire(import.meta.resolve('zipcaption'));
cpSync(resolve('@jsquash/webp/codec/dec/webp_dec.wasm'), 'dist/webp_dec.wasm');
