import { CaptionError } from '../errors.js';
import type { CaptionTokenizer } from '../text/tokenizer.js';
import type { DecoderNetworks } from './decoder.js';
import type { EncoderNetworks } from './encoder-networks.js';
import type { Manifest } from './manifest.js';
import type { Session, Values } from './session.js';

// Checks that manifest, networks and tokenizer, which are separate files, belong to the same model.

/**
 * Every tensor that the manifest names must exist in a network, and vice versa.
 *
 * @throws CaptionError `MODEL_INVALID`
 */
export function checkNames(
  manifest: Manifest,
  { vision, embedding, text }: EncoderNetworks,
  decoder: DecoderNetworks,
): void {
  const { state, encoderInputs, attention, tokens, logits, firstStep, file } = manifest.decoder;
  const { cacheSwitch, attentionMask, positions, logitsToKeep } = manifest.decoder;
  const results = [logits, ...(attention ? [attention] : [])];
  const inputs = [
    ...[tokens, ...Object.keys(encoderInputs)],
    ...state.map((tensor) => tensor.input),
    ...[cacheSwitch, attentionMask, positions, logitsToKeep].filter((name) => name !== undefined),
  ];
  const changing = state.filter((tensor) => !tensor.fixed);
  const { input: pixels, mask, shapes } = manifest.encoder;
  const seen = [pixels, mask, shapes].filter((name) => name !== undefined);
  requireNames(manifest.encoder.file, 'input', seen, vision.inputs);
  requireNames(manifest.encoder.file, 'output', manifest.encoder.outputs, vision.outputs);
  const { tags, features } = manifest.encoder;
  const besides = [tags?.output, tags?.bias, features];
  requireNames(
    manifest.encoder.file,
    'output',
    besides.filter((name) => name !== undefined),
    vision.outputs,
  );
  refuseUnfed(manifest.encoder.file, seen, vision);
  if (embedding && manifest.embedding) {
    const { file: embedder, input, output } = manifest.embedding;
    requireNames(embedder, 'input', [input], embedding.inputs);
    requireNames(embedder, 'output', [output], embedding.outputs);
  }
  let told: readonly string[] = manifest.encoder.outputs;
  if (text && manifest.textEncoder) {
    const { file: reader, input, mask: ones, outputs: read } = manifest.textEncoder;
    const fed = ones ? [input, ones] : [input];
    requireNames(reader, 'input', fed, text.inputs);
    requireNames(reader, 'output', read, text.outputs);
    refuseUnfed(reader, fed, text);
    told = ones ? [...read, ones] : read;
  }
  requireNames('manifest.json', 'encoder output', Object.values(encoderInputs), told);
  if (firstStep) {
    // Each network of a pair may lack the other's tensors.
    requireNames(firstStep.file, 'output', [...results, ...outputs(state)], decoder.first.outputs);
    requireNames(file, 'output', [...results, ...outputs(changing)], decoder.later.outputs);
    refuseUnfed(firstStep.file, inputs, decoder.first);
  } else {
    requireNames(file, 'input', inputs, decoder.later.inputs);
    requireNames(file, 'output', [...results, ...outputs(state)], decoder.later.outputs);
  }
  refuseUnfed(file, inputs, decoder.later);
}

const outputs = (state: Manifest['decoder']['state']) => state.map((tensor) => tensor.output);

function refuseUnfed(file: string, fed: readonly string[], session: Session): void {
  const unfed = session.inputs.filter((name) => !fed.includes(name));
  if (unfed.length === 0) return;
  throw new CaptionError(
    'MODEL_INVALID',
    `${file} has an input that the manifest does not name: ${unfed.join(', ')}.`,
  );
}

function requireNames(
  file: string,
  kind: string,
  wanted: readonly string[],
  there: readonly string[],
): void {
  const missing = wanted.filter((name) => !there.includes(name));
  if (missing.length === 0) return;
  throw new CaptionError(
    'MODEL_INVALID',
    `The manifest names an ${kind} ${missing.map((name) => `"${name}"`).join(', ')} that ${file} does not have (it has ${there.join(', ')}).`,
  );
}

/**
 * A tensor must have the shape that the network declares for it, where it declares one.
 *
 * @throws CaptionError `MODEL_INVALID`
 */
export function checkShape(session: Session, file: string, input: string, values: Values): void {
  const declared = session.shape(input);
  if (!declared) return;
  const fits =
    declared.length === values.dims.length &&
    declared.every((side, axis) => side === undefined || axis === 0 || side === values.dims[axis]);
  if (fits) return;
  const shown = declared.map((side) => side ?? '?').join('×');
  throw new CaptionError(
    'MODEL_INVALID',
    `${file} expects "${input}" with the shape ${shown}, but it would get ${values.dims.join('×')}: the files, or the configuration, belong to different models. Fetch or export them together.`,
  );
}

/** Decoders are padded to a multiple of this or of twice as much, for the speed of matrix products … */
const PADDED_TO = 64;
/** … where they have so many rows that it pays. */
const FEWEST_PADDED = 4096;

/**
 * Tokenizer and decoder must have the same vocabulary. A decoder may have more rows than there are
 * words only where it was padded to a round number: a tokenizer that lacks words is another model's,
 * or a damaged one, and its captions have gaps.
 *
 * @throws CaptionError `MODEL_INVALID`
 */
export function checkVocabulary(
  manifest: Manifest,
  decoder: Session,
  tokenizer: CaptionTokenizer,
): void {
  const { bos, eos, pad } = manifest.generation;
  const declared = decoder.shape(manifest.decoder.logits)?.at(-1);
  const size = declared ?? Number.POSITIVE_INFINITY;
  const { vocabSize, wordCount } = tokenizer;
  const padding = size % (2 * PADDED_TO) === 0 ? 2 * PADDED_TO : PADDED_TO;
  const isPadded = size >= FEWEST_PADDED && size % PADDED_TO === 0 && vocabSize > size - padding;
  // A token number without a word means that the vocabulary is incomplete.
  const isWhole = wordCount === vocabSize;
  // A prompt-driven model is known by the marks in its prompt; its vocabulary may keep room.
  const agrees =
    vocabSize <= size &&
    (manifest.prompt
      ? knowsMarks(manifest, tokenizer)
      : isWhole && (vocabSize === size || isPadded));
  const fault =
    declared !== undefined && !agrees
      ? `the tokenizer has ${wordCount} words for ${vocabSize} token numbers, the decoder has ${declared} token numbers`
      : undefined;
  const strange = [bos, eos, pad].flat().find((token) => token >= size);
  const what =
    fault ??
    (strange !== undefined &&
      `token ${strange} is outside the decoder's vocabulary of ${declared}`);
  if (!what) return;
  throw new CaptionError(
    'MODEL_INVALID',
    `${manifest.tokenizer.file} and ${manifest.decoder.file} do not belong together: ${what}. Fetch both from the same model.`,
  );
}

/**
 * Each tag must be a word of the vocabulary, and the network must have a column for each.
 *
 * @throws CaptionError `MODEL_INVALID`
 */
export function checkTags(
  { encoder, tokenizer: { file } }: Manifest,
  vision: Session,
  words: readonly string[],
): void {
  if (!encoder.tags) return;
  const { output, bias, tokens } = encoder.tags;
  for (const name of [output, bias].filter((name) => name !== undefined)) {
    checkTagCount(encoder, name, vision.shape(name)?.at(-1) ?? tokens.length);
  }
  const wordless = words.indexOf('');
  if (wordless < 0) return;
  throw new CaptionError(
    'MODEL_INVALID',
    `The manifest's encoder.tags.tokens[${wordless}] is ${tokens[wordless]}, which is not a word of ${file}. Each must be the number of a word in the vocabulary.`,
  );
}

/** @throws CaptionError `MODEL_INVALID` */
export function checkTagCount(
  { file, tags }: Manifest['encoder'],
  output: string,
  columns: number,
): void {
  if (!tags || columns === tags.tokens.length) return;
  throw new CaptionError(
    'MODEL_INVALID',
    `The manifest's encoder.tags lists ${tags.tokens.length} tokens, but the output "${output}" of ${file} has ${columns} columns: there must be one for each.`,
  );
}

/** True if the photo's mark is one token, which the photo's features can replace. */
function knowsMarks({ prompt }: Manifest, tokenizer: CaptionTokenizer): boolean {
  return !prompt?.photo || tokenizer.tokenId(prompt.photo.token) !== undefined;
}
