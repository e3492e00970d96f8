import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';

export interface FileSize {
  readonly what: string;
  readonly bytes: number;
  readonly gzip?: number;
}

const require = createRequire(join(process.cwd(), 'packages/core/package.json'));

/** What a deployment must hold, file by file, and what `npm install zipcaption` puts on a disk. */
export function sizes(): { deployed: FileSize[]; installed: FileSize[] } {
  const model = dirname(require.resolve('@zipcaption/lite/manifest.json'));
  const runtime = dirname(require.resolve('onnxruntime-web'));
  const file = (folder: string, name: string): FileSize => {
    const bytes = readFileSync(join(folder, name));
    return { what: name, bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
  };
  return {
    deployed: [
      ...['encoder.onnx', 'decoder.onnx', 'tokenizer.json', 'manifest.json'].map((n) =>
        file(model, n),
      ),
      { what: 'the engine', ...engineSize() },
    ],
    installed: [
      { what: 'zipcaption (dist)', bytes: folderSize('packages/core/dist') },
      { what: '@zipcaption/lite', bytes: folderSize(model) },
      { what: 'onnxruntime-web', bytes: folderSize(join(runtime, '..')) },
    ],
  };
}

/** The engine as a bundler takes it, its WebAssembly inside. */
function engineSize(): { bytes: number; gzip: number } {
  const { outputFiles } = buildSync({
    entryPoints: ['packages/core/dist/engine/index.js'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array();
  return { bytes: contents.length, gzip: gzipSync(contents, { level: 9 }).length };
}

function folderSize(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
