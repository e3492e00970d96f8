import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CaptionError } from '../../errors.js';

/**
 * The compiler that a project already has for its own components: it alone knows their syntax, and
 * in the version that the project is written for.
 *
 * @param way  packages to go through, each looked for from the one before, the compiler last
 * @param path the file that is to be read
 * @throws CaptionError `PARSER_NOT_FOUND`
 */
export async function projectCompiler(
  way: readonly string[],
  path: string | undefined,
): Promise<unknown> {
  return import(pathToFileURL(projectFile(way, path)).href);
}

/** Where the last of the packages is, as {@link projectCompiler} finds it. */
export function projectFile(way: readonly string[], path: string | undefined): string {
  let from = path === undefined ? join(process.cwd(), 'index.js') : resolve(path);
  try {
    for (const name of way) from = createRequire(from).resolve(name);
    return from;
  } catch (cause) {
    const [framework = ''] = way;
    throw new CaptionError(
      'PARSER_NOT_FOUND',
      `Parsing it needs the compiler of ${framework.split('/')[0]}, which is not installed in its project. Install the project's packages first.`,
      { cause },
    );
  }
}
