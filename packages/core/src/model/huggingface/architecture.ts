import { CaptionError } from '../../errors.js';
import { FAMILIES, type Family } from './families.js';
import type { Fields } from './fields.js';

/** Why well-known captioners of other families cannot be run; docs/models.md has the long answer. */
const REFUSED: Readonly<Record<string, string>> = {
  blip: 'BLIP has no public ONNX export with a settled layout: Optimum and transformers.js support none',
  'blip-2': 'BLIP-2 has no public ONNX export with a settled layout',
  git: 'GIT has no public ONNX export with a settled layout: Optimum and transformers.js support none',
  pix2struct: 'Pix2Struct takes flattened patches instead of pixels',
};

/**
 * The family that a folder's model belongs to.
 *
 * @param config `config.json`
 * @throws CaptionError `MODEL_UNSUPPORTED` naming the families that are known
 */
export function familyOf(config: Fields, folder: string): Family {
  const type = config.text('model_type');
  const family = type && Object.hasOwn(FAMILIES, type) ? FAMILIES[type] : undefined;
  if (family) return family;
  const why = type && REFUSED[type];
  throw new CaptionError(
    'MODEL_UNSUPPORTED',
    `The model in ${folder} is of the type "${type ?? 'unknown'}"${why ? `: ${why}` : ''}. Of Hugging Face's models, those of the types ${Object.keys(FAMILIES).join(', ')} are supported; convert others to this library's own format (docs/model-format.md).`,
  );
}
