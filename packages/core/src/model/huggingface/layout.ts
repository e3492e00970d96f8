import { CaptionError } from '../../errors.js';
import type { NetworkPaths } from '../manifest.js';
import type { ModelSource } from '../source.js';
import { DTYPE_SUFFIXES, DTYPES, type Dtype } from './dtype.js';
import type { Layout } from './families.js';

/** The networks of a model. */
export interface Networks {
  readonly dtype: Dtype;
  readonly encoder: NetworkPaths;
  /** Of a model that takes a prompt: what embeds its words, and the encoder that reads it, if any. */
  readonly embedding?: NetworkPaths;
  readonly textEncoder?: NetworkPaths;
  readonly decoder: NetworkPaths;
  /** What `decoder` is: both branches in one, only the one with a cache, or one that has none. */
  readonly decoderKind: 'merged' | 'with-past' | 'without-past';
  /** The decoder of the first step, where `decoder` is `'with-past'`. */
  readonly firstStep?: NetworkPaths;
}

/** Optimum writes into the folder itself; repositories for transformers.js have them in `onnx/`. */
const FOLDERS = ['onnx/', ''] as const;

/**
 * Finds the networks of a folder.
 *
 * @param wanted number format; by default the first of `DTYPES` that is there
 * @param layout which networks the model has; by default it is told by the files that are there
 * @throws CaptionError `MODEL_NOT_FOUND` saying which formats are there
 */
export async function findNetworks(
  source: ModelSource,
  wanted: Dtype | undefined,
  layout?: Layout,
): Promise<Networks> {
  for (const dtype of wanted ? [wanted] : DTYPES) {
    for (const folder of FOLDERS) {
      const found = await networksOf(source, folder, dtype, layout);
      if (found) return found;
    }
  }
  throw await incomplete(source, wanted, layout);
}

const EXPORT =
  'Fetch what is missing, or export the model with "optimum-cli export onnx --task image-to-text-with-past".';
const EXPECTED: Readonly<
  Record<Layout, { readonly names: readonly string[]; readonly hint: string }>
> = {
  'encoder-decoder': {
    names: ['encoder_model', 'decoder_model_merged'],
    hint: `Instead of decoder_model_merged there may be decoder_model and decoder_with_past_model. ${EXPORT}`,
  },
  'text-encoder': {
    names: ['vision_encoder', 'embed_tokens', 'encoder_model', 'decoder_model_merged'],
    hint: 'Fetch what is missing.',
  },
  'decoder-only': {
    names: ['vision_encoder', 'embed_tokens', 'decoder_model_merged'],
    hint: 'Fetch what is missing.',
  },
};

/** Says which files are missing, and in which number formats none are. */
async function incomplete(
  source: ModelSource,
  wanted: Dtype | undefined,
  layout: Layout = 'encoder-decoder',
): Promise<CaptionError> {
  const { names, hint } = EXPECTED[layout];
  const files = names.map((name) => `${name}${DTYPE_SUFFIXES[wanted ?? 'fp32']}.onnx`);
  const missing: string[] = [];
  for (const file of files) {
    const found = await Promise.all(FOLDERS.map((folder) => source.has(folder + file)));
    if (!found.includes(true)) missing.push(file);
  }
  const there = wanted ? await availableDtypes(source, layout) : [];
  const what = wanted ? `files of dtype "${wanted}"` : 'complete set of networks';
  const others = there.length > 0 ? ` Complete there are: ${there.join(', ')}.` : '';
  return new CaptionError(
    'MODEL_NOT_FOUND',
    `The model in ${source.name} has no ${what}: expected are ${files.join(', ')}, in it or in its folder "onnx"; missing: ${missing.join(', ') || 'they are not in one folder'}.${others} ${hint}`,
  );
}

/** Number formats in which all networks are there. */
export async function availableDtypes(source: ModelSource, layout?: Layout): Promise<Dtype[]> {
  const found: Dtype[] = [];
  for (const dtype of DTYPES) {
    for (const folder of FOLDERS) {
      if (!found.includes(dtype) && (await networksOf(source, folder, dtype, layout))) {
        found.push(dtype);
      }
    }
  }
  return found;
}

async function networksOf(
  source: ModelSource,
  folder: string,
  dtype: Dtype,
  layout: Layout | undefined,
): Promise<Networks | undefined> {
  const paths = async (name: string): Promise<NetworkPaths | undefined> => {
    const file = `${folder}${name}${DTYPE_SUFFIXES[dtype]}.onnx`;
    if (!(await source.has(file))) return undefined;
    const data = await externalData(source, file);
    return data.length > 0 ? { file, data } : { file };
  };
  const vision = layout === 'encoder-decoder' ? undefined : await paths('vision_encoder');
  if (vision || (layout && layout !== 'encoder-decoder')) {
    const [embedding, decoder] = [await paths('embed_tokens'), await paths('decoder_model_merged')];
    const textEncoder = layout === 'decoder-only' ? undefined : await paths('encoder_model');
    if (!vision || !embedding || !decoder || (layout === 'text-encoder' && !textEncoder)) {
      return undefined;
    }
    return {
      dtype,
      encoder: vision,
      embedding,
      decoder,
      decoderKind: 'merged',
      ...(textEncoder && { textEncoder }),
    };
  }
  const encoder = await paths('encoder_model');
  if (!encoder) return undefined;
  const merged = await paths('decoder_model_merged');
  if (merged) return { dtype, encoder, decoder: merged, decoderKind: 'merged' };
  const [plain, withPast] = [await paths('decoder_model'), await paths('decoder_with_past_model')];
  if (withPast) {
    return {
      dtype,
      encoder,
      decoder: withPast,
      decoderKind: 'with-past',
      ...(plain && { firstStep: plain }),
    };
  }
  return plain && { dtype, encoder, decoder: plain, decoderKind: 'without-past' };
}

/** Names under which exporters put weights that do not fit into a file of 2 GB, or are not to. */
async function externalData(source: ModelSource, file: string): Promise<string[]> {
  if (await source.has(`${file}.data`)) return [`${file}.data`];
  const found: string[] = [];
  for (let next = `${file}_data`; await source.has(next); next = `${file}_data_${found.length}`) {
    found.push(next);
  }
  return found;
}
