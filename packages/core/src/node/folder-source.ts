import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CaptionError } from '../errors.js';
import type { FileBytes, ModelSource } from '../model/source.js';
import { toPath } from './files.js';
import { explain } from './system-error.js';

/** A model's folder on disk. */
export function folderSource(location: string | URL): ModelSource {
  const folder = resolve(toPath(location));
  return {
    name: folder,
    // Files on disk are not hashed: hashing takes a good part of a cold start.
    verify: false,
    readsAnew: () => true,
    path: (file) => join(folder, file),
    parts(file, use) {
      const descriptor = openSync(join(folder, file), 'r');
      try {
        return use(windows(descriptor));
      } finally {
        closeSync(descriptor);
      }
    },
    size: (file) =>
      stat(join(folder, file)).then(
        (found) => found.size,
        () => Number.NaN,
      ),
    has: (file) =>
      stat(join(folder, file)).then(
        (found) => found.isFile(),
        () => false,
      ),
    async read(file, control) {
      try {
        const path = join(folder, file);
        // A device may never end, and a pipe never begin.
        const found = await stat(path);
        if (!found.isFile() && !found.isDirectory()) throw new Error('it is not a file');
        const bytes = await readFile(path, control?.signal ? { signal: control.signal } : {});
        control?.onProgress?.({ file, loaded: bytes.length, total: bytes.length });
        return bytes;
      } catch (cause) {
        if (control?.signal?.aborted) {
          throw new CaptionError('ABORTED', 'Loading the model was aborted.', { cause });
        }
        const hint =
          file === 'manifest.json'
            ? ' A model is a folder with a manifest.json (or a config.json, from Hugging Face).'
            : '';
        throw new CaptionError(
          'MODEL_NOT_FOUND',
          `Cannot read ${file} of the model in ${folder}: ${explain(cause)}.${hint}`,
          { cause },
        );
      }
    },
  };
}

/** Small pieces that lie close to each other come out of one reading. */
const WINDOW_BYTES = 1 << 16;

function windows(descriptor: number): FileBytes {
  const { size } = fstatSync(descriptor);
  let from = 0;
  let window = new Uint8Array(0);
  const read = (start: number, length: number) => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, start));
  };
  return {
    size,
    bytes(start, end) {
      if (end - start > WINDOW_BYTES) return read(start, end - start);
      if (start < from || end > from + window.length) {
        from = start;
        window = read(start, Math.min(WINDOW_BYTES, size - start));
      }
      return window.subarray(start - from, end - from);
    },
  };
}
