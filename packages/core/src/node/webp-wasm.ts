import { readFile } from 'node:fs/promises';
import module from 'node:module';
import { ownUrl } from './own-url.js';

const FILE = 'webp_dec.wasm';

/**
 * The WebAssembly of the WebP decoder: beside this module where a packager put it there (a bundle of
 * one file has no `node_modules`), otherwise from the installed @jsquash/webp.
 */
export async function readWebpWasm(): Promise<Uint8Array> {
  const here = ownUrl();
  try {
    return await readFile(new URL(FILE, here));
  } catch {
    // Imported by its name, createRequire would make webpack take the file for a module, and fail.
    return readFile(module.createRequire(here).resolve(`@jsquash/webp/codec/dec/${FILE}`));
  }
}
