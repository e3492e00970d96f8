import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CaptionError } from '../../errors.js';
import { explain } from '../../node/system-error.js';
import { documentKind } from '../find/find.js';
import type { FileProblem } from '../types.js';

export interface Documents {
  /** Paths in alphabetical order within each folder, no file twice. */
  readonly files: readonly string[];
  readonly problems: readonly FileProblem[];
}

/**
 * The documents that paths name: a file itself, or all documents in a folder and its subfolders,
 * without hidden ones and `node_modules`. Symbolic links are followed, but no folder is entered
 * twice.
 */
export async function collectDocuments(paths: readonly string[]): Promise<Documents> {
  const files = new Map<string, string>();
  const problems: FileProblem[] = [];
  const entered = new Set<string>();

  async function enter(folder: string): Promise<void> {
    const real = await realpath(folder);
    if (entered.has(real)) return;
    entered.add(real);
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const path = join(folder, entry.name);
      // A dangling link is not in the folder.
      const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
      if (kind?.isDirectory())
        await enter(path).catch((cause) => problems.push(problem(path, cause)));
      else if (kind?.isFile() && documentKind(path)) await add(path);
    }
  }

  async function add(path: string): Promise<void> {
    const real = await realpath(path);
    const other = files.get(real);
    // A file is named by its real path, not by a link to it.
    if (other === undefined || ((await isLink(other)) && !(await isLink(path)))) {
      files.set(real, path);
    }
  }

  for (const path of paths) {
    try {
      if ((await stat(path)).isDirectory()) await enter(path);
      else if (documentKind(path)) await add(path);
      else throw unknownKind();
    } catch (cause) {
      problems.push(problem(path, cause));
    }
  }
  return { files: [...files.values()], problems };
}

async function isLink(path: string): Promise<boolean> {
  return (await lstat(path)).isSymbolicLink();
}

function unknownKind(): CaptionError {
  return new CaptionError(
    'UNSUPPORTED_FORMAT',
    'Its name is not that of an HTML, Markdown, MDX, Astro, Vue or Svelte file.',
  );
}

function problem(file: string, cause: unknown): FileProblem {
  const error =
    cause instanceof CaptionError
      ? cause
      : new CaptionError('FILE_NOT_FOUND', `It cannot be read: ${explain(cause)}.`, { cause });
  return { file, error };
}
