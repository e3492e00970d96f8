import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

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
    return readFile(createRequire(here).resolve(`@jsquash/webp/codec/dec/${FILE}`));
  }
}

/** Bundled as CommonJS, a module has no `import.meta.url` but a `__filename`. */
function ownUrl(): string {
  const url: string | undefined = import.meta.url;
  return url ?? pathToFileURL(__filename).href;
}
