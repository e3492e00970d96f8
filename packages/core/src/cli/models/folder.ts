import { existsSync } from 'node:fs';
import type { ModelSource } from '../../model/source.js';
import { folderSource } from '../../node/folder-source.js';
import { pulledModel } from '../../node/hub/pulled.js';

/**
 * A model's folder by its path or by the name under which it was pulled.
 *
 * @throws CaptionError `MODEL_NOT_FOUND`
 */
export async function findFolder(text: string): Promise<ModelSource> {
  const pulled = existsSync(text) ? undefined : await pulledModel(text);
  return folderSource(pulled ?? text);
}
