import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.js'],
  outfile: 'main.js',
  bundle: true,
  // Also on phones, so nothing of Node may be used.
  platform: 'browser',
  format: 'cjs',
  target: 'es2022',
  external: ['obsidian'],
  // Obsidian installs main.js and no other file, so the model goes into it.
  loader: { '.onnx': 'binary', '.json': 'binary' },
  logOverride: { 'empty-import-meta': 'silent' },
});
