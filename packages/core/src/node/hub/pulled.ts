import { CaptionError } from '../../errors.js';
import { findPulled } from './cache.js';
import { parseHubId } from './hub-id.js';

/**
 * The folder of a pulled model.
 *
 * @param text what was given as a model and is no path that exists
 * @returns undefined for what cannot be a model's name on the hub
 * @throws CaptionError `MODEL_NOT_FOUND` saying how to pull it
 */
export async function pulledModel(text: string): Promise<string | undefined> {
  const id = parseHubId(text);
  if (!id) return undefined;
  const folder = await findPulled(id);
  if (folder) return folder;
  throw new CaptionError(
    'MODEL_NOT_FOUND',
    `"${text}" is neither a model's folder nor a model that was pulled (there is no such file). Run "zipcaption models pull ${text}" to download it.`,
  );
}
