import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { modelFiles } from '../../src/lambda/model-files.js';

/** Files by their name in the zip. */
export type Contents = ReadonlyMap<string, Uint8Array>;

const RUNTIME_FILES = ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];

/** The two files of onnxruntime-web, which find each other beside the bundle. */
export async function wasmRuntime(root: string): Promise<Contents> {
  const fromCore = createRequire(join(root, 'packages/core/package.json'));
  return readAll(
    RUNTIME_FILES.map((name) => [name, fromCore.resolve(`onnxruntime-web/${name}`)] as const),
  );
}

/** The WebP decoder's WebAssembly, which is read only when a WebP photo comes. */
export async function webpDecoder(root: string): Promise<Contents> {
  const fromCore = createRequire(join(root, 'packages/core/package.json'));
  return readAll([
    ['webp_dec.wasm', fromCore.resolve('@jsquash/webp/codec/dec/webp_dec.wasm')] as const,
  ]);
}

export type Architecture = 'x86_64' | 'arm64';

/** onnxruntime-node for one architecture, as a package that `require` finds. */
export async function nativeRuntime(root: string, architecture: Architecture): Promise<Contents> {
  const require = createRequire(join(root, 'package.json'));
  const package_ = resolve(require.resolve('onnxruntime-node'), '../..');
  const common = resolve(
    createRequire(join(package_, 'package.json')).resolve('onnxruntime-common'),
    '../../..',
  );
  const binaries = `bin/napi-v6/linux/${architecture === 'arm64' ? 'arm64' : 'x64'}`;
  const files = [
    'package.json',
    'dist/index.js',
    'dist/backend.js',
    'dist/binding.js',
    'dist/version.js',
    `${binaries}/onnxruntime_binding.node`,
    `${binaries}/libonnxruntime.so.1`,
  ];
  return readAll([
    ...files.map(
      (file) => [`node_modules/onnxruntime-node/${file}`, join(package_, file)] as const,
    ),
    ...(await commonFiles(common)),
  ]);
}

async function commonFiles(folder: string): Promise<(readonly [string, string])[]> {
  const { readdir } = await import('node:fs/promises');
  const code = (await readdir(join(folder, 'dist/cjs'))).filter((name) => name.endsWith('.js'));
  return ['package.json', 'dist/cjs/package.json', ...code.map((name) => `dist/cjs/${name}`)].map(
    (file) => [`node_modules/onnxruntime-common/${file}`, join(folder, file)] as const,
  );
}

/** A model's folder: its manifest and the files which that names, nothing else that may lie there. */
export async function model(folder: string): Promise<Contents> {
  const manifest = await readFile(join(folder, 'manifest.json')).catch((cause: unknown) => {
    throw new Error(`There is no model in ${folder}: it has no manifest.json.`, { cause });
  });
  const names = ['manifest.json', ...modelFiles(JSON.parse(manifest.toString('utf8')), folder)];
  return readAll(names.map((name) => [`model/${name}`, join(folder, name)] as const));
}

async function readAll(files: readonly (readonly [string, string])[]): Promise<Contents> {
  return new Map(
    await Promise.all(
      files.map(async ([name, path]) => [name, new Uint8Array(await readFile(path))] as const),
    ),
  );
}
