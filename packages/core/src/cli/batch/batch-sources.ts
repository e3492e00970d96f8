import { stat } from 'node:fs/promises';
import { extname, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CaptionError } from '../../index.js';
import { isDataUrl } from '../../input/data-url.js';
import { findInputs, noPhotos, type PhotoSource, reason } from '../inputs.js';
import { KeyTable, keyOf } from '../key-table.js';
import { decodeName, encodeName, hasBytes, nameKey, slashed } from '../names.js';
import { walkFolder } from '../walk-folder.js';
import { listedNames } from './name-list.js';
import { type Shard, shardOf } from './shard.js';
import { isSidecarName } from './sidecars.js';

/** A photo of many. `path` is in bytes where the name is not UTF-8. */
export type BatchSource =
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly path: string | Buffer;
      /** It stands in a list, which may name anything. */
      readonly listed?: true;
    }
  | Extract<PhotoSource, { kind: 'url' | 'stdin' }>;

export interface SourceRequest {
  readonly operands: readonly string[];
  readonly recursive: boolean;
  readonly filesFrom: string | undefined;
  readonly shard: Shard | undefined;
  /** Files that are results and no photos, by their full paths. */
  readonly results: readonly string[];
  /** Are there sidecars, which are no photos either? */
  readonly sidecars: boolean;
}

/** What happens beside the photos. */
export interface SourceReport {
  /** Something leads nowhere: a folder that cannot be opened, a file that is not there. */
  readonly onMissing: (name: string, error: CaptionError) => Promise<void>;
  /** A photo of a kind that is not read. */
  readonly onUnread: (extension: string) => void;
}

/**
 * The photos that a command line names, each once, one after the other: none waits for the others to be
 * found. Names are relative to the folder where a single one is given, otherwise as given.
 *
 * @throws CaptionError `FILE_NOT_FOUND` when the list of names cannot be read
 */
export async function* batchSources(
  request: SourceRequest,
  report: SourceReport,
): AsyncGenerator<BatchSource, void, undefined> {
  const { operands, filesFrom, shard } = request;
  const isOneFolder =
    filesFrom === undefined && operands.length === 1 && (await isFolder(pathOf(operands[0] ?? '')));
  // A folder names nothing twice by itself; a list or several operands can.
  const seen = isOneFolder ? undefined : new KeyTable();
  const results = new Set(request.results.map((path) => resolve(path)));
  const isResult = ({ name, path }: { name: string; path: string | Buffer }) =>
    (results.size > 0 && typeof path === 'string' && results.has(resolve(path))) ||
    (request.sidecars && isSidecarName(name));

  for await (const source of everySource(request, isOneFolder, report)) {
    if (shard && shardOf(source.name, shard.count) !== shard.index) continue;
    if (source.kind === 'file' && isResult(source)) continue;
    if (seen) {
      const known = seen.size;
      seen.add(identity(source));
      if (seen.size === known) continue;
    }
    yield source;
  }
}

async function* everySource(
  { operands, recursive, filesFrom }: SourceRequest,
  isOneFolder: boolean,
  report: SourceReport,
): AsyncGenerator<BatchSource, void, undefined> {
  const entered = new KeyTable();
  for (const operand of operands) {
    const path = pathOf(operand);
    if (!(await isFolder(path))) {
      yield* named(operand, recursive, report);
      continue;
    }
    let any = false;
    for await (const found of walkFolder(path, { recursive, entered })) {
      any ||= found.kind === 'photo';
      const name = isOneFolder ? found.name : inFolder(path, found.name);
      if (found.kind === 'photo') yield { kind: 'file', name, path: found.path };
      else if (found.kind === 'unread photo') report.onUnread(extname(name).toLowerCase());
      else await report.onMissing(name || operand, closedFolder(found.cause));
    }
    // Another operand may have had its photos already.
    if (!any && isOneFolder) await report.onMissing(operand, notFound(noPhotos(recursive)));
  }
  if (filesFrom === undefined) return;
  for await (const bytes of listedNames(filesFrom)) {
    const name = decodeName(bytes);
    if (/^https?:\/\//i.test(name)) yield* named(name, recursive, report);
    else {
      const path = hasBytes(name) ? bytes : name;
      yield { kind: 'file', name: given(name), path, listed: true };
    }
  }
}

/** What an operand that is no folder stands for. */
async function* named(
  operand: string,
  recursive: boolean,
  report: SourceReport,
): AsyncGenerator<BatchSource, void, undefined> {
  const { sources } = await findInputs([operand], { recursive });
  for (const source of sources) {
    if (source.kind === 'missing') await report.onMissing(source.name, source.error);
    else if (source.kind !== 'file' || isDataUrl(source.path)) yield source;
    else yield { ...source, name: given(source.path) };
  }
}

/** The path of an operand that is one, also of a `file:` address. */
function pathOf(operand: string): string {
  try {
    return /^file:/i.test(operand) ? fileURLToPath(operand) : operand;
  } catch {
    return operand;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** A path as it is named: `./a//b.jpg` is `a/b.jpg`. */
function given(path: string): string {
  return slashed(normalize(path));
}

function inFolder(folder: string, name: string): string {
  return name === '' ? given(folder) : given(`${folder}/${name}`);
}

function identity(source: BatchSource) {
  if (source.kind !== 'file') return nameKey(source.name);
  if (typeof source.path !== 'string') return keyOf(source.path);
  return keyOf(encodeName(resolve(source.path)));
}

function closedFolder(cause: unknown): CaptionError {
  return notFound(`The folder cannot be opened (${reason(cause)}).`, cause);
}

function notFound(message: string, cause?: unknown): CaptionError {
  return new CaptionError('FILE_NOT_FOUND', message, { cause });
}
