import { CaptionError } from '../../errors.js';
import type { Manifest, StateTensor } from '../manifest.js';
import { parseJson } from '../network-files.js';
import type { Session } from '../session.js';
import type { ModelSource, ReadControl } from '../source.js';
import { familyOf } from './architecture.js';
import type { Dtype } from './dtype.js';
import type { Family, FolderFiles } from './families.js';
import { type Fields, fieldsOf } from './fields.js';
import { readGeneration } from './generation.js';
import { findNetworks, type Networks } from './layout.js';
import { readPreprocessing } from './preprocessing.js';

/** A Hugging Face folder, read as far as its configuration goes. */
export interface HuggingFaceFolder {
  readonly dtype: Dtype;
  readonly config: Fields;
  readonly family: Family;
  /** All but the decoder's tensors, which only the network itself can tell. */
  readonly draft: Manifest;
}

/**
 * Reads the configuration of a model that was exported to ONNX.
 *
 * @throws CaptionError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_UNSUPPORTED`
 */
export async function readHuggingFaceFolder(
  source: ModelSource,
  dtype: Dtype | undefined,
  control: ReadControl,
): Promise<HuggingFaceFolder> {
  const text = async (file: string) => new TextDecoder().decode(await source.read(file, control));
  const read = async (file: string) =>
    fieldsOf(file, parseJson(await source.read(file, control), file));
  const ifThere = async <T>(file: string, get: (file: string) => Promise<T>) =>
    (await source.has(file)) ? get(file) : undefined;
  const config = await read('config.json');
  const family = familyOf(config, source.name);
  const networks = await findNetworks(source, dtype, family.layout);
  const [preprocessing, generation, tokenizerConfig] = await Promise.all([
    preprocessingIn({ read, ifThere }),
    ifThere('generation_config.json', read),
    ifThere('tokenizer_config.json', read),
  ]);
  const prompt = await family.prompt?.({
    preprocessing,
    ...(await askingFiles(tokenizerConfig, { read, text, ifThere })),
  });
  const image = readPreprocessing(preprocessing);
  checkImageSize(config, image);
  return {
    dtype: networks.dtype,
    config,
    family,
    draft: {
      format: 1,
      name: modelName(config, source.name),
      version: config.text('_commit_hash') ?? 'unversioned',
      license: 'see the model card',
      task: 'image-to-text',
      image,
      ...(prompt && { prompt: { ...prompt, ...positionsIn(config, family) } }),
      ...stages(networks, image),
      tokenizer: {
        file: 'tokenizer.json',
        ...(tokenizerConfig && { config: 'tokenizer_config.json' }),
      },
      generation: readGeneration(config, generation, family),
      sha256: {},
    },
  };
}

function positionsIn(config: Fields, { textConfig }: Family): { maxPositions?: number } {
  const text = config.object(textConfig) ?? config;
  const positions = text.number('max_position_embeddings');
  if (positions === undefined) return {};
  if (Number.isInteger(positions) && positions > 0 && positions <= 10_000_000) {
    return { maxPositions: positions };
  }
  throw text.invalid('max_position_embeddings', 'a whole number from 1 to 10,000,000');
}

interface Reading {
  read(file: string): Promise<Fields>;
  text(file: string): Promise<string>;
  ifThere<T>(file: string, get: (file: string) => Promise<T>): Promise<T | undefined>;
}

/** transformers 5 writes one file for all that is done to photos and prompts. */
async function preprocessingIn({ read, ifThere }: Pick<Reading, 'read' | 'ifThere'>) {
  const own = await ifThere('preprocessor_config.json', read);
  const shared = own ? undefined : await ifThere('processor_config.json', read);
  return own ?? shared?.object('image_processor') ?? read('preprocessor_config.json');
}

/** What only models that take a prompt have. */
async function askingFiles(
  tokenizerConfig: Fields | undefined,
  { read, text, ifThere }: Reading,
): Promise<Pick<FolderFiles, 'processor' | 'chat'>> {
  const [processor, jinja, json] = await Promise.all([
    ifThere('processor_config.json', read),
    ifThere('chat_template.jinja', text),
    ifThere('chat_template.json', read),
  ]);
  const others = [json, processor, tokenizerConfig].filter((file) => file !== undefined);
  return { processor, chat: { ...(jinja !== undefined && { jinja }), others } };
}

/** The networks and the names of their tensors, as far as exports agree on them. */
function stages(
  { encoder, embedding, textEncoder, decoder, firstStep, decoderKind }: Networks,
  { tiles, patches }: Manifest['image'],
): Pick<Manifest, 'encoder' | 'embedding' | 'textEncoder' | 'decoder'> {
  const common = { ...decoder, logits: 'logits', state: [] };
  const told = { encoder_hidden_states: 'last_hidden_state' };
  if (!embedding) {
    return {
      encoder: { ...encoder, input: 'pixel_values', outputs: ['last_hidden_state'] },
      decoder: {
        ...common,
        ...(firstStep && { firstStep }),
        feed: decoderKind === 'without-past' ? 'all' : 'last',
        encoderRows: 'tried',
        tokens: 'input_ids',
        encoderInputs: told,
      },
    };
  }
  return {
    encoder: {
      ...encoder,
      input: 'pixel_values',
      outputs: ['image_features'],
      ...((tiles || patches) && { mask: 'pixel_attention_mask' }),
      ...(patches && { shapes: 'spatial_shapes' }),
    },
    embedding: { ...embedding, input: 'input_ids', output: 'inputs_embeds' },
    ...(textEncoder && {
      textEncoder: {
        ...textEncoder,
        input: 'inputs_embeds',
        mask: 'attention_mask',
        outputs: ['last_hidden_state'],
      },
    }),
    decoder: {
      ...common,
      feed: 'last',
      encoderRows: 'tried',
      tokens: 'inputs_embeds',
      encoderInputs: textEncoder ? { ...told, encoder_attention_mask: 'attention_mask' } : {},
    },
  };
}

/**
 * The manifest, now that the decoder's network is there and tells its tensors.
 *
 * @param decoder the network of the later steps
 * @throws CaptionError `MODEL_UNSUPPORTED`, `MODEL_NOT_FOUND` when the first step's network is missing
 */
export function completeManifest(draft: Manifest, decoder: Session): Manifest {
  const { firstStep, ...rest } = draft.decoder;
  const state = decoder.inputs.filter(isCache).map((input) => stateTensor(input, decoder));
  const told = Object.keys(rest.encoderInputs);
  const known = [rest.tokens, ...told, ...Object.values(OPTIONAL_INPUTS)];
  const strange = decoder.inputs.filter((name) => !known.includes(name) && !isCache(name));
  if (strange.length > 0 || !decoder.inputs.includes(rest.tokens)) {
    throw new CaptionError(
      'MODEL_UNSUPPORTED',
      `${rest.file} is not a decoder exported by Optimum: it has the inputs ${decoder.inputs.join(', ')}. Export the model with "optimum-cli export onnx --task image-to-text-with-past".`,
    );
  }
  const isPair = rest.feed === 'last' && !decoder.inputs.includes('use_cache_branch');
  const needsFirst = isPair && state.some((tensor) => tensor.fixed);
  if (needsFirst && !firstStep) {
    throw new CaptionError(
      'MODEL_NOT_FOUND',
      `${rest.file} runs all steps except the first, which needs decoder_model.onnx. Fetch it too.`,
    );
  }
  const optional = Object.entries(OPTIONAL_INPUTS).filter(([, name]) =>
    decoder.inputs.includes(name),
  );
  return {
    ...draft,
    decoder: {
      ...rest,
      // With empty caches the network of the later steps does the first one too, and half of the
      // memory is saved; only what it cannot make itself needs the other.
      ...(needsFirst && firstStep && { firstStep }),
      ...Object.fromEntries(optional),
      state,
    },
  };
}

/** Inputs that some exports have and others do not, by the manifest's names for them. */
const OPTIONAL_INPUTS = {
  cacheSwitch: 'use_cache_branch',
  attentionMask: 'attention_mask',
  positions: 'position_ids',
  logitsToKeep: 'num_logits_to_keep',
} as const;

const isConvolution = (name: string) => name.startsWith('past_conv.');
const isCache = (name: string) => name.startsWith('past_key_values.') || isConvolution(name);

/**
 * `past_key_values.0.decoder.key` becomes `present.0.decoder.key`; shape [rows, heads, length, width].
 * `past_conv.0` becomes `present_conv.0`: what a short convolution saw last, [rows, width, kernel].
 */
function stateTensor(input: string, decoder: Session): StateTensor {
  const shape = decoder.shape(input) ?? [];
  const initial = isConvolution(input) ? [1, shape[1], shape[2]] : [1, shape[1], 0, shape[3]];
  const known = initial.filter((side) => side !== undefined);
  if (known.length < initial.length) {
    throw new CaptionError(
      'MODEL_UNSUPPORTED',
      `The decoder does not say how large its cache "${input}" is. Export the model with Optimum.`,
    );
  }
  return {
    input,
    output: input.replace('past_key_values.', 'present.').replace('past_conv.', 'present_conv.'),
    initial: known,
    ...(input.includes('.encoder.') && { fixed: true }),
  };
}

/** An encoder with position embeddings takes no other size than the one it was made for. */
function checkImageSize(config: Fields, image: Manifest['image']): void {
  const encoder = config.object('encoder');
  const type = encoder?.text('model_type');
  if (!encoder || !type || !['vit', 'deit', 'beit'].includes(type)) return;
  const size = encoder.values.image_size;
  const [height, width] = Array.isArray(size) ? size : [size, size];
  if (typeof width !== 'number' || (width === image.width && height === image.height)) return;
  throw new CaptionError(
    'MODEL_INVALID',
    `The encoder is made for ${width}×${height} pixels (config.json), but preprocessor_config.json gives ${image.width}×${image.height}. One of the two files belongs to another model.`,
  );
}

function modelName(config: Fields, folder: string): string {
  const given = config.text('_name_or_path');
  if (given && !given.startsWith('.') && !given.startsWith('/')) return given;
  const parts = folder.split(/[\\/]/).filter((part) => part !== '');
  return parts.at(-1) ?? 'unnamed';
}
