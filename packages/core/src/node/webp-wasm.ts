import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const FILE = 'webp_dec.wasm';

/**
 * The WebAssembly of the WebP decoder: beside this module where a packager put it there (a bundle of
 * one file has no `node_modules`), otherwise from the installed @jsquash/webp.
 */
export async function readWebpWasm(): Promise<Uint8Array> {
  try {
    return await readFile(new URL(FILE, import.meta.url));
  } catch {
    const { resolve } = createRequire(import.meta.url);
    return readFile(resolve(`@jsquash/webp/codec/dec/${FILE}`));
  }
}
