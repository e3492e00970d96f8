import { CaptionError } from '../errors.js';
import type { OrtRuntime } from './runtime.js';
import { type NetworkFile, readsFiles } from './session.js';
import { type ModelSource, type ReadControl, verifySha256 } from './source.js';

/** Bytes: larger than any Git LFS pointer, smaller than any network. */
const POINTER_BYTES = 1024;

/**
 * One file of a model, checked for what often stands in its place.
 *
 * @param sha256 expected, where known
 * @throws CaptionError `MODEL_NOT_FOUND`, `MODEL_CORRUPT`
 */
export async function readModelFile(
  source: ModelSource,
  file: string,
  sha256: string | undefined,
  control: ReadControl,
): Promise<Uint8Array> {
  const kept = sha256 && (await source.store?.get(sha256));
  if (kept) {
    control.onProgress?.({ file, loaded: kept.length, total: kept.length });
    return kept;
  }
  const bytes = await source.read(file, control);
  refusePointer(bytes, file, source);
  if (source.verify && sha256) {
    await verifySha256(bytes, sha256, file, source.name);
    await source.store?.put(sha256, bytes);
  }
  return bytes;
}

/**
 * A network with the files of its weights. A runtime that reads files by itself is given the path:
 * hundreds of megabytes then never pass through our memory.
 */
export async function readNetwork(
  source: ModelSource,
  { file, data = [] }: { readonly file: string; readonly data?: readonly string[] },
  sha256: Readonly<Record<string, string>>,
  runtime: OrtRuntime,
  control: ReadControl,
): Promise<NetworkFile> {
  if (source.path && readsFiles(runtime)) {
    for (const part of [file, ...data]) {
      const size = await source.size(part);
      // Reading it also detects a missing file.
      if (!(size > POINTER_BYTES)) await readModelFile(source, part, undefined, control);
      else control.onProgress?.({ file: part, loaded: size, total: size });
    }
    return { network: source.path(file) };
  }
  const [network, ...weights] = await Promise.all(
    [file, ...data].map((part) => readModelFile(source, part, sha256[part], control)),
  );
  return {
    network: network as Uint8Array,
    isOwn: source.readsAnew?.(file) === true,
    // A network names them as they lie beside it, without the folder they are all in.
    data: Object.fromEntries(
      data.map((part, i) => [part.slice(part.lastIndexOf('/') + 1), weights[i] as Uint8Array]),
    ),
  };
}

/** @throws CaptionError `MODEL_INVALID` */
export function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const message = `The model's ${file} is not JSON: it is damaged or cut off. Fetch it again.`;
    throw new CaptionError('MODEL_INVALID', message, { cause });
  }
}

/** A repository cloned without Git LFS has small text files where the weights should be. */
function refusePointer(bytes: Uint8Array, file: string, source: ModelSource): void {
  const pointer = 'version https://git-lfs';
  if (bytes.length > POINTER_BYTES) return;
  if (new TextDecoder().decode(bytes.subarray(0, pointer.length)) !== pointer) return;
  throw new CaptionError(
    'MODEL_CORRUPT',
    `${file} of ${source.name} is a Git LFS pointer, not the file itself. Run "git lfs pull" there, or download the file.`,
  );
}
