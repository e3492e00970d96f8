import type { GetEngine } from '../http/engine.js';
import { refuseMangled } from '../http/mangled.js';
import { HttpError } from '../http/problem.js';
import { toCaptionOptions } from '../http/request-options.js';
import type { Job } from './job.js';
import type { ObjectReader, OpenObject } from './photo-object.js';
import { captioned, failed, type PhotoFault, type PhotoResult } from './photo-result.js';
import { isSettled, type Keeping, type Kept, keepOnce, type ResultStore } from './result-store.js';
import type { BatchSettings } from './settings.js';
import { photoError, TransientError } from './transient-error.js';

/** What was done about one photo. */
export type Outcome =
  | {
      /** `returned`: there is no store. */
      readonly done: Keeping | 'returned';
      readonly result: PhotoResult;
    }
  | {
      /** Nothing to caption: a folder's marker, or a result of ours. */
      readonly done: 'skipped';
      readonly result?: undefined;
    };

export interface CaptionObjectParts {
  readonly engine: GetEngine;
  readonly reader: ObjectReader;
  readonly stores: readonly ResultStore[];
  readonly settings: Pick<BatchSettings, 'maxBytes' | 'maxPixels'>;
}

/** Reads, captions and stores one photo, once however often it is asked. */
export type CaptionObject = (job: Job, signal: AbortSignal) => Promise<Outcome>;

/**
 * The one function that all doors of the batch lead to.
 *
 * A photo that can never be captioned (no photo, too large, gone) has a result, too, with its error.
 *
 * @throws TransientError for what another attempt may mend
 */
export function createCaptionObject(parts: CaptionObjectParts): CaptionObject {
  const { stores } = parts;
  return async (job, signal) => {
    try {
      const kept = await Promise.all(stores.map((store) => store.find(job, signal)));
      // A message that comes a second time costs no more than this.
      const known = settled(kept, { versionId: job.versionId ?? null, etag: job.etag ?? null });
      if (known) return { done: 'already', result: known };
      const result = await makeResult(parts, job, kept, signal);
      if ('done' in result) return result;
      if (stores.length === 0) return { done: 'returned', result };
      const keeping = await Promise.all(
        stores.map((store, at) => keepOnce(store, result, kept[at], signal)),
      );
      const done = keeping.find((each) => each === 'stored') ?? keeping[0] ?? 'stored';
      return { done, result };
    } catch (error) {
      if (!signal.aborted || error instanceof TransientError) throw error;
      throw new TransientError(
        'TIME_TOO_SHORT',
        `The function's time ended before s3://${job.bucket}/${job.key} was done.`,
        { cause: error },
      );
    }
  };
}

/** What is to be stored, or the outcome where nothing is. */
async function makeResult(
  { engine, reader, settings }: CaptionObjectParts,
  job: Job,
  kept: readonly (Kept | undefined)[],
  signal: AbortSignal,
): Promise<PhotoResult | Outcome> {
  const object = await reader.open(job, signal);
  const { source } = object;
  if ('fault' in object) return failed(source, object.fault);
  try {
    const known = settled(kept, source);
    if (known) return { done: 'already', result: known };
    const isFolder = object.size === 0 && job.key.endsWith('/');
    if (object.isResult || isFolder) return { done: 'skipped' };
    const fault = sizeFault(object, settings.maxBytes);
    if (fault) return failed(source, fault);
    const bytes = await object.read(signal);
    refuseMangled(bytes);
    const { maxBytes, maxPixels } = settings;
    const options = toCaptionOptions(job.options ?? {});
    const captioner = await engine();
    return captioned(
      source,
      await captioner.caption(bytes, { ...options, maxBytes, maxPixels, signal }),
    );
  } catch (error) {
    const final = error instanceof HttpError ? error : photoError(error);
    if (!final) throw error;
    return failed(source, { code: final.code as PhotoFault['code'], message: final.message });
  } finally {
    object.close();
  }
}

/** The result, if every store has it already. */
function settled(
  kept: readonly (Kept | undefined)[],
  version: { readonly versionId: string | null; readonly etag: string | null },
): PhotoResult | undefined {
  if (!kept.every((each) => isSettled(each, version))) return undefined;
  return kept.find((each) => each?.result)?.result;
}

function sizeFault({ size }: OpenObject, maxBytes: number): PhotoFault | undefined {
  if (size === 0) return { code: 'UNSUPPORTED_FORMAT', message: 'The object has 0 bytes.' };
  if (size <= maxBytes) return undefined;
  return {
    code: 'IMAGE_TOO_LARGE',
    message: `The object has ${size} bytes; ZIPCAPTION_MAX_BYTES allows ${maxBytes}.`,
  };
}
