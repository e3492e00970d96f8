import { CaptionError } from '../../errors.js';
import type { ModelSource } from '../source.js';
import { DTYPE_SUFFIXES, DTYPES, type Dtype } from './dtype.js';

/** A network's file and the files beside it that hold its weights. */
export interface NetworkPaths {
  readonly file: string;
  readonly data?: readonly string[];
}

/** The networks of a VisionEncoderDecoder model. */
export interface Networks {
  readonly dtype: Dtype;
  readonly encoder: NetworkPaths;
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
 * @throws CaptionError `MODEL_NOT_FOUND` saying which formats are there
 */
export async function findNetworks(
  source: ModelSource,
  wanted: Dtype | undefined,
): Promise<Networks> {
  for (const dtype of wanted ? [wanted] : DTYPES) {
    for (const folder of FOLDERS) {
      const found = await networksOf(source, folder, dtype);
      if (found) return found;
    }
  }
  const there = wanted ? await availableDtypes(source) : [];
  throw new CaptionError(
    'MODEL_NOT_FOUND',
    there.length > 0
      ? `The model in ${source.name} has no files of dtype "${wanted}"; there are: ${there.join(', ')}.`
      : `The model in ${source.name} has no complete set of networks: expected are encoder_model.onnx and decoder_model_merged.onnx (or decoder_model.onnx and decoder_with_past_model.onnx), in it or in its folder "onnx". Fetch what is missing, or export the model with "optimum-cli export onnx --task image-to-text-with-past".`,
  );
}

/** Number formats in which all networks are there. */
export async function availableDtypes(source: ModelSource): Promise<Dtype[]> {
  const found: Dtype[] = [];
  for (const dtype of DTYPES) {
    for (const folder of FOLDERS) {
      if (!found.includes(dtype) && (await networksOf(source, folder, dtype))) found.push(dtype);
    }
  }
  return found;
}

async function networksOf(
  source: ModelSource,
  folder: string,
  dtype: Dtype,
): Promise<Networks | undefined> {
  const paths = async (name: string): Promise<NetworkPaths | undefined> => {
    const file = `${folder}${name}${DTYPE_SUFFIXES[dtype]}.onnx`;
    if (!(await source.has(file))) return undefined;
    const data = await externalData(source, file);
    return data.length > 0 ? { file, data } : { file };
  };
  const encoder = await paths('encoder_model');
  if (!encoder) return undefined;
  const merged = await paths('decoder_model_merged');
  if (merged) return { dtype, encoder, decoder: merged, decoderKind: 'merged' };
  const [plain, withPast] = [await paths('decoder_model'), await paths('decoder_with_past_model')];
  if (withPast) {
    return {
      ...{ dtype, encoder, decoder: withPast, decoderKind: 'with-past' },
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
