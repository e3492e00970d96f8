import { CaptionError } from '../../errors.js';
import { FAMILIES, type Family } from './families.js';
import type { Fields } from './fields.js';

/** Why well-known captioners of other families cannot be run; docs/models.md has the long answer. */
const QWEN_VL = 'Qwen-VL needs three positions for each token (M-RoPE), which are not made here';
const REFUSED: Readonly<Record<string, string>> = {
  blip: 'BLIP has no public ONNX export with a settled layout: Optimum and transformers.js support none',
  'blip-2': 'BLIP-2 has no public ONNX export with a settled layout',
  instructblip: 'InstructBLIP has no public ONNX export with a settled layout',
  git: 'GIT has no public ONNX export with a settled layout: Optimum and transformers.js support none',
  pix2struct: 'Pix2Struct takes flattened patches instead of pixels',
  qwen2_vl: QWEN_VL,
  qwen2_5_vl: QWEN_VL,
  qwen3_vl: QWEN_VL,
  paligemma: 'PaliGemma has no chat template that says how it is asked',
  moondream1: 'Moondream has no chat template that says how it is asked',
  phi3_v: 'Phi-3-vision cuts photos up in a way of its own, which is not built here',
  gemma3n: 'Gemma 3n has a second embedding for each layer, which is not handed on here',
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
  const why = type && Object.hasOwn(REFUSED, type) ? REFUSED[type] : undefined;
  throw new CaptionError(
    'MODEL_UNSUPPORTED',
    `The model in ${folder} is of the type "${type ?? 'unknown'}"${why ? `: ${why}` : ''}. Of Hugging Face's models, those of the types ${Object.keys(FAMILIES).join(', ')} are supported; convert others to this library's own format (docs/model-format.md).`,
  );
}
