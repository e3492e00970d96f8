import { CaptionError } from '../errors.js';
import type { EmbeddingSpec } from './manifest.js';
import { floats } from './rows.js';
import type { Session, Values } from './session.js';
import { whole } from './values.js';

/** The embeddings of tokens: rows × positions × width. */
export async function embed(
  session: Session,
  { input, output }: EmbeddingSpec,
  tokens: readonly number[],
  dims: readonly number[],
): Promise<Values> {
  const outputs = await session.run({ [input]: whole(session.inputType(input), tokens, dims) }, [
    output,
  ]);
  return outputs[output] as Values;
}

/** The photo's features, then the prompt's embeddings, in one row. */
export function featuresFirst(features: Values, prompt: Values): Values {
  const [a, b] = [floats(features, 'features'), floats(prompt, 'embeddings')];
  const width = widthOf(features, prompt);
  const data = new Float32Array(a.length + b.length);
  data.set(a);
  data.set(b, a.length);
  return { type: 'float32', data, dims: [1, data.length / width, width] };
}

/** The prompt's embeddings in one row, one of the photo's features in place of each `mark`. */
export function featuresAtMarks(
  features: Values,
  prompt: Values,
  tokens: readonly number[],
  mark: number,
): Values {
  const from = floats(features, 'features');
  const width = widthOf(features, prompt);
  const data = floats(prompt, 'embeddings').slice();
  let next = 0;
  tokens.forEach((token, position) => {
    if (token !== mark) return;
    data.set(from.subarray(next, next + width), position * width);
    next += width;
  });
  if (next !== from.length) {
    throw new CaptionError(
      'MODEL_INVALID',
      `The prompt has ${next / width} places for the photo and the encoder gives ${from.length / width} features: the files, or the configuration, belong to different models. Fetch or export them together.`,
    );
  }
  return { type: 'float32', data, dims: [1, tokens.length, width] };
}

function widthOf(features: Values, prompt: Values): number {
  const [width, other] = [features.dims.at(-1) ?? 0, prompt.dims.at(-1)];
  if (width === other && width > 0) return width;
  throw new CaptionError(
    'MODEL_INVALID',
    `The encoder gives features of ${width} numbers, the embeddings have ${other}: the files belong to different models. Fetch or export them together.`,
  );
}
