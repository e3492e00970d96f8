import { access, constants, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { type HubId, hubIdText, parseHubId } from './hub-id.js';

/** The record in a pulled model's folder, written when all its files are complete. */
export interface PullRecord {
  readonly id: string;
  readonly dtype: string;
  /** The commit of the revision, if the hub named it. */
  readonly commit?: string;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly etag?: string }>>;
}

const RECORD = 'zipcaption-pull.json';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Folders where pulled models may be, best first: `ZIPCAPTION_CACHE` where it is set, otherwise the
 * user's cache folder (XDG Base Directory Specification; LOCALAPPDATA on Windows) and, for a home
 * that cannot be written to such as a Lambda function's, the folder for temporary files.
 */
export function cacheFolders(env: Environment = process.env): string[] {
  const given = env.ZIPCAPTION_CACHE;
  if (given) return [given];
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = env;
  // The specification: a relative path is invalid and to be ignored.
  const base = [xdg, local].find((path) => path && isAbsolute(path)) ?? join(homedir(), '.cache');
  return [join(base, 'zipcaption', 'models'), join(tmpdir(), 'zipcaption', 'models')];
}

/** The first writable folder, created if necessary; undefined if there is none. */
export async function writableCache(env: Environment = process.env): Promise<string | undefined> {
  for (const folder of cacheFolders(env)) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      return folder;
    } catch {
      // The next one, then.
    }
  }
  return undefined;
}

/** A model's place in a cache folder. */
export function folderOf(cache: string, id: HubId): string {
  return join(cache, hubIdText(id).replaceAll('/', '--'));
}

/** The folder of a completely pulled model; undefined if there is none. */
export async function findPulled(
  id: HubId,
  env: Environment = process.env,
): Promise<string | undefined> {
  for (const cache of cacheFolders(env)) {
    const folder = folderOf(cache, id);
    if (await readRecord(folder)) return folder;
  }
  return undefined;
}

/** All completely pulled models. */
export async function listPulled(
  env: Environment = process.env,
): Promise<{ readonly folder: string; readonly record: PullRecord }[]> {
  const found = [];
  for (const cache of cacheFolders(env)) {
    const names = await readdir(cache).catch(() => []);
    for (const name of names.sort()) {
      const folder = join(cache, name);
      const record = await readRecord(folder);
      if (record) found.push({ folder, record });
    }
  }
  return found;
}

export async function readRecord(folder: string): Promise<PullRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(join(folder, RECORD), 'utf8')) as PullRecord;
    return parseHubId(record.id) && typeof record.files === 'object' ? record : undefined;
  } catch {
    return undefined;
  }
}

export async function writeRecord(folder: string, record: PullRecord): Promise<void> {
  await writeFile(join(folder, RECORD), `${JSON.stringify(record, undefined, 2)}\n`);
}
