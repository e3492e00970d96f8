import { stat } from 'node:fs/promises';
import { documentKind, type FileProblem } from '../../alt/index.js';
import { CaptionError } from '../../index.js';
import { glob, hasGlobCharacters } from '../glob.js';

/**
 * Files and folders that the words on the command line stand for; globs are expanded, what is in a
 * `node_modules` left out unless the glob names it.
 */
export async function documentPaths(operands: readonly string[]): Promise<{
  readonly paths: readonly string[];
  readonly problems: readonly FileProblem[];
}> {
  const paths: string[] = [];
  const problems: FileProblem[] = [];
  for (const operand of operands) {
    // An existing file whose name looks like a glob is that file.
    const found = await stat(operand).catch(() => undefined);
    if (found || !hasGlobCharacters(operand)) {
      paths.push(operand);
      continue;
    }
    const matches = (await glob(operand)).filter(
      (path) => documentKind(path) && isOwn(path, operand),
    );
    if (matches.length === 0) {
      const message = 'No HTML, Markdown, MDX, Astro, Vue or Svelte file matches this pattern.';
      problems.push({ file: operand, error: new CaptionError('FILE_NOT_FOUND', message) });
    }
    paths.push(...matches.sort());
  }
  return { paths, problems };
}

/** `**` does not match installed packages. */
function isOwn(path: string, pattern: string): boolean {
  const isInstalled = (name: string) => name.split(/[\\/]/).includes('node_modules');
  return !isInstalled(path) || isInstalled(pattern);
}
