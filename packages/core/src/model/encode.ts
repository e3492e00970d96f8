import { CaptionError } from '../errors.js';
import { patchesEach } from '../image/patch-layout.js';
import type { PixelValues } from '../image/preprocess.js';
import type { CaptionTokenizer } from '../text/tokenizer.js';
import { checkShape, checkTagCount } from './agreement.js';
import type { EncodedPhoto } from './decoder.js';
import { embed, featuresAtMarks, featuresFirst } from './embedding.js';
import type { EncoderNetworks } from './encoder-networks.js';
import type { Manifest } from './manifest.js';
import { checkPositions, type PhotoPieces, promptTokens } from './prompt.js';
import { rowsTogether } from './rows.js';
import type { Session, Values } from './session.js';
import { asType, filled, whole } from './values.js';

/**
 * Runs the encoder on one photo and, if the model takes a prompt, on the prompt with the photo in it.
 *
 * @param pixels as `manifest.image` describes them
 * @param prompt a task's name or a text; by default the model's first task
 * @throws CaptionError `INVALID_OPTION` for a prompt to a model that takes none, `MODEL_INVALID`
 */
export async function encodePhoto(
  networks: EncoderNetworks,
  manifest: Manifest,
  tokenizer: CaptionTokenizer,
  pixels: PixelValues,
  prompt: string | undefined,
): Promise<EncodedPhoto> {
  const { bos, forcedStart } = manifest.generation;
  const start = forcedStart === undefined ? [bos] : [bos, forcedStart];
  const forcedTokens = start.length - 1;
  const { tags: tagsSpec, outputs: ownOutputs } = manifest.encoder;
  const wanted = [
    ...ownOutputs,
    ...[tagsSpec?.output, tagsSpec?.bias].filter((name) => name !== undefined),
  ];
  const pictures = await runVision(networks.vision, manifest, pixels, wanted);
  const seen = together(pictures, wanted);
  const tags = tagsSpec && {
    tags: tagValues(manifest.encoder, tagsSpec.output, seen),
    ...(tagsSpec.bias !== undefined && {
      tagBias: tagValues(manifest.encoder, tagsSpec.bias, seen),
    }),
  };
  if (!manifest.prompt || !manifest.embedding || !networks.embedding) {
    refusePrompt(manifest, prompt);
    return { outputs: seen, start, forcedTokens, ...tags };
  }

  const featuresName = manifest.encoder.outputs[0] ?? '';
  const features = joined(seen, featuresName);
  const pieces = photoPieces(
    pictures.map((picture) => picture[featuresName] as Values),
    pixels,
  );
  const tokens = promptTokens(manifest.prompt, prompt, pieces, tokenizer);
  const { photo } = manifest.prompt;
  checkPositions(manifest.prompt, tokens.length + (photo ? 0 : (features.dims[0] ?? 0)));
  const words = await embed(networks.embedding, manifest.embedding, tokens, [1, tokens.length]);
  const merged = photo
    ? featuresAtMarks(features, words, tokens, tokenizer.tokenId(photo.token) ?? -1)
    : featuresFirst(features, words);
  if (!networks.text || !manifest.textEncoder) {
    return { outputs: {}, start: tokens, forcedTokens: 0, prefill: merged, ...tags };
  }
  const outputs = await runText(networks.text, manifest.textEncoder, merged);
  return { outputs, start, forcedTokens, ...tags };
}

/**
 * The feature vector of one photo, with the norm 1.
 *
 * @param pixels as `manifest.image` describes them
 * @param output `manifest.encoder.features`
 */
export async function featuresOf(
  vision: Session,
  manifest: Manifest,
  output: string,
  pixels: PixelValues,
): Promise<Float32Array> {
  const { [output]: values } = together(await runVision(vision, manifest, pixels, [output]), [
    output,
  ]);
  const features = floats(values);
  const length = Math.sqrt(features.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? features.map((value) => value / length) : features.slice();
}

/** One number for each tag. */
function tagValues(
  encoder: Manifest['encoder'],
  output: string,
  seen: Readonly<Record<string, Values>>,
): Float32Array {
  const values = floats(seen[output]);
  checkTagCount(encoder, output, values.length);
  return values;
}

function floats(values: Values | undefined): Float32Array {
  return values ? (asType(values, 'float32').data as Float32Array) : new Float32Array();
}

/** The shape of a photo's pixels, or of one picture's patches. */
export function pixelDims({ width, height, layout, patches }: Manifest['image']): number[] {
  if (patches) return [1, patchesEach(patches, width), patches.side ** 2 * 3];
  return layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3];
}

/**
 * One picture after another: at once a photo in tiles would take gigabytes.
 *
 * @returns the outputs of each picture
 */
async function runVision(
  session: Session,
  { encoder, image }: Manifest,
  { data, tiles, patches }: PixelValues,
  wanted: readonly string[],
): Promise<Record<string, Values>[]> {
  const { input, file } = encoder;
  const [, ...picture] = pixelDims(image);
  // Networks that take several pictures have an axis for them, which others lack.
  const isList = !patches && (tiles !== undefined || session.shape(input)?.length === 5);
  const pictures = isList || patches ? (tiles?.pictures ?? 1) : 1;
  const type = session.inputType(input);
  const size = data.length / pictures;
  const dims = isList ? [1, 1, ...picture] : [1, ...picture];
  const seen: Record<string, Values>[] = [];
  for (let at = 0; at < pictures; at++) {
    const part = data.subarray(at * size, (at + 1) * size);
    const values = asType({ type: 'float32', data: part, dims }, type);
    checkShape(session, file, input, values);
    const besides = patches
      ? patchInputs(session, encoder, dims, patches[at] ?? [0, 0])
      : maskInput(session, encoder, [...dims.slice(0, -picture.length), image.height, image.width]);
    seen.push(await session.run({ [input]: values, ...besides }, wanted));
  }
  return seen;
}

/** Ones for every pixel. */
function maskInput(
  session: Session,
  { mask }: Manifest['encoder'],
  dims: readonly number[],
): Record<string, Values> {
  return mask ? { [mask]: filled(session.inputType(mask), 1, dims) } : {};
}

/** Ones for the patches of the picture and zeros for the padding after them, and its shape. */
function patchInputs(
  session: Session,
  { mask, shapes }: Manifest['encoder'],
  [, room = 0]: readonly number[],
  [rows, columns]: readonly [number, number],
): Record<string, Values> {
  return {
    ...(mask && { [mask]: filled(session.inputType(mask), 1, [1, room], rows * columns) }),
    ...(shapes && { [shapes]: whole(session.inputType(shapes), [rows, columns], [1, 2]) }),
  };
}

/** The outputs of all pictures, one after another. */
function together(
  pictures: readonly Record<string, Values>[],
  wanted: readonly string[],
): Record<string, Values> {
  return Object.fromEntries(
    wanted.map((name) => [name, rowsTogether(pictures.map((part) => part[name] as Values))]),
  );
}

/** How many features each picture of the photo has. @param seen features by picture */
function photoPieces(seen: readonly Values[], { tiles }: PixelValues): PhotoPieces {
  const { rows, columns } = tiles ?? { rows: 1, columns: 1 };
  return {
    rows,
    columns,
    features: seen.map(({ data, dims }) => data.length / (dims.at(-1) || 1)),
  };
}

/** Runs the text encoder on the prompt and the photo; its outputs are inputs of the decoder. */
async function runText(
  session: Session,
  { file, input, mask, outputs }: NonNullable<Manifest['textEncoder']>,
  merged: Values,
): Promise<Record<string, Values>> {
  const embeddings = asType(merged, session.inputType(input));
  checkShape(session, file, input, embeddings);
  const ones = mask && filled(session.inputType(mask), 1, merged.dims.slice(0, 2));
  const feeds = { [input]: embeddings, ...(mask && ones && { [mask]: ones }) };
  return {
    ...(await session.run(feeds, outputs)),
    ...(mask && ones && { [mask]: ones }),
  };
}

/** The features of all of the photo's pieces, one after another: positions × width. */
function joined(seen: Readonly<Record<string, Values>>, name: string): Values {
  const { data, dims, type } = seen[name] as Values;
  const width = dims.at(-1) ?? 1;
  return { type, data, dims: [data.length / width, width] };
}

function refusePrompt({ name }: Manifest, prompt: string | undefined): void {
  if (prompt === undefined) return;
  throw new CaptionError(
    'INVALID_OPTION',
    `The option "prompt" cannot be used: the model "${name}" takes no prompt. docs/models.md lists those that do.`,
  );
}
