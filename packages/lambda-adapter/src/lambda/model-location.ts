import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where a layer's files are mounted; a model layer holds a folder `model`. */
const LAYERS = '/opt';

/**
 * The model's folder: the one that `ZIPCAPTION_MODEL` names (a path, a mounted file system, an
 * `s3://` or `https://` address), else the one in the zip, else the one in a layer. None of these:
 * the installed default model.
 */
export function modelLocation(
  env: Readonly<Record<string, string | undefined>>,
  bundleFolder: string,
): string | undefined {
  const named = env.ZIPCAPTION_MODEL?.trim();
  if (named) return named;
  return [join(bundleFolder, 'model'), join(LAYERS, 'model')].find((folder) =>
    existsSync(join(folder, 'manifest.json')),
  );
}
