import { open } from 'node:fs/promises';
import { CaptionError } from '../../index.js';
import { type PhotoState, readState } from './photo-state.js';

/** What a line of results says: which photo, of which bytes, and whether it failed. */
export interface ResultLine {
  readonly file: string;
  readonly state: PhotoState | undefined;
  readonly failed: boolean;
}

/** Nothing for a text that is no result. */
export function parseResult(text: string): ResultLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('file' in value)) return undefined;
  const { file, source, error } = value as Record<string, unknown>;
  if (typeof file !== 'string') return undefined;
  return { file, state: readState(source), failed: error !== undefined };
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const CHUNK = 1 << 20;
/** A line of 64 captions of 512 tokens is far below that; a file without line breaks is none of ours. */
const LONGEST_LINE = 1 << 24;
const LINE_FEED = 10;

/**
 * The lines of a file as bytes without their line feeds, read piece by piece. The last one has `ended`
 * false when no line feed follows it.
 *
 * @throws CaptionError `INVALID_OPTION` when a line is too long to be a result
 */
export async function* readLines(
  path: string,
): AsyncGenerator<{ readonly bytes: Buffer; readonly ended: boolean }[], void, undefined> {
  const file = await open(path);
  try {
    let rest = Buffer.alloc(0);
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const { bytesRead } = await file.read(chunk, 0, CHUNK, null);
      if (bytesRead === 0) break;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      const lines: { bytes: Buffer; ended: boolean }[] = [];
      let start = 0;
      for (;;) {
        const end = bytes.indexOf(LINE_FEED, start);
        if (end < 0) break;
        lines.push({ bytes: bytes.subarray(start, end), ended: true });
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > LONGEST_LINE) throw notResults(path);
      yield lines;
    }
    if (rest.length > 0) yield [{ bytes: rest, ended: false }];
  } finally {
    await file.close();
  }
}

/** What a file of results holds, beside the results. */
export interface FileState {
  /** Bytes up to the end of the last line that is whole; what follows was cut off by an interruption. */
  readonly length: number;
  /** The last line is whole, but for its line feed. */
  readonly needsLineFeed: boolean;
  /** Whole lines that are no JSON: a power cut can leave such. */
  readonly unreadable: number;
}

/**
 * Reads a file of results, a line at a time.
 *
 * @param onResult called for each result, in their order
 * @param signal   stops the reading; what was read until then has been told
 * @throws CaptionError `INVALID_OPTION` for a file that holds something else
 */
export async function readResults(
  path: string,
  onResult: (line: ResultLine) => void,
  signal?: AbortSignal,
): Promise<FileState> {
  let length = 0;
  let unreadable = 0;
  let any = false;
  for await (const lines of readLines(path)) {
    if (signal?.aborted) break;
    for (const { bytes, ended } of lines) {
      const text = bytes.toString('utf8');
      const result = parseResult(text);
      if (!ended && !result) {
        if (!any && !isBeginningOfResult(text)) throw notResults(path);
        return { length, needsLineFeed: false, unreadable };
      }
      if (result) {
        any = true;
        onResult(result);
      } else if (text.trim() !== '') {
        // A file whose first line is something else is not one that we wrote.
        if (!any) throw notResults(path);
        unreadable++;
      }
      length += bytes.length + (ended ? 1 : 0);
      if (!ended) return { length, needsLineFeed: true, unreadable };
    }
  }
  return { length, needsLineFeed: false, unreadable };
}

/** How every line of results begins; a cut may have left less, or zeros in place of it. */
const BEGINNING = '{"file":"';

function isBeginningOfResult(text: string): boolean {
  return text.startsWith(BEGINNING) || BEGINNING.startsWith(text) || /^\0+$/.test(text);
}

function notResults(path: string): CaptionError {
  return new CaptionError(
    'INVALID_OPTION',
    `${path} does not hold results of zipcaption, one JSON object a line with "file" in it. It is left as it is; name another file with --out.`,
  );
}
