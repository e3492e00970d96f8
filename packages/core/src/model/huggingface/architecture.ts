import { CaptionError } from '../../errors.js';
import type { Fields } from './fields.js';

/** Why well-known captioners of other families cannot be run; docs/models.md has the long answer. */
const REFUSED: Readonly<Record<string, string>> = {
  blip: 'BLIP has no public ONNX export with a settled layout: Optimum and transformers.js support none',
  'blip-2': 'BLIP-2 has no public ONNX export with a settled layout',
  git: 'GIT has no public ONNX export with a settled layout: Optimum and transformers.js support none',
  pix2struct: 'Pix2Struct takes flattened patches instead of pixels',
  florence2: 'Florence-2 takes a task prompt and merges embeddings outside its networks',
};

/**
 * Refuses what is no VisionEncoderDecoder model.
 *
 * @param config `config.json`
 * @throws CaptionError `MODEL_UNSUPPORTED`
 */
export function checkArchitecture(config: Fields, folder: string): void {
  const type = config.text('model_type');
  if (type === 'vision-encoder-decoder') return;
  const why = type && REFUSED[type];
  throw new CaptionError(
    'MODEL_UNSUPPORTED',
    `The model in ${folder} is of the type "${type ?? 'unknown'}"${why ? `: ${why}` : ''}. Of Hugging Face's models, those of the type "vision-encoder-decoder" are supported; convert others to this library's own format (docs/model-format.md).`,
  );
}
