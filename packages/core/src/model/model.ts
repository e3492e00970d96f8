import { CaptionError } from '../errors.js';
import type { DecoderStep } from '../search/types.js';
import { type CaptionTokenizer, createTokenizer } from '../text/tokenizer.js';
import { checkNames, checkShape, checkVocabulary } from './agreement.js';
import { type DecoderNetworks, startDecoding } from './decoder.js';
import { float32ToFloat16 } from './float16.js';
import type { Dtype } from './huggingface/dtype.js';
import { type Manifest, readManifest } from './manifest.js';
import { parseJson, readModelFile, readNetwork } from './network-files.js';
import { lacksSomething, type RuntimeName, type Runtimes } from './runtime.js';
import { createSession, type Session, type SessionSettings, type Values } from './session.js';
import type { ModelSource, ReadControl } from './source.js';

/** The encoder's outputs for one photo, by name. */
export type EncodedPhoto = Readonly<Record<string, Values>>;

/** A model, loaded and ready. */
export interface Model {
  readonly manifest: Manifest;
  readonly tokenizer: CaptionTokenizer;
  /** What runs its networks. */
  readonly runtime: RuntimeName | 'custom';
  /** Looks at one photo: `pixels` as `manifest.image` describes them. */
  encode(pixels: Float32Array): Promise<EncodedPhoto>;
  /** Starts a caption of that photo. */
  decode(photo: EncodedPhoto): DecoderStep;
  release(): Promise<void>;
}

/** What runs the networks: a runtime, and perhaps another for models that the first one cannot run. */
export type LoadSettings = SessionSettings & Partial<Runtimes>;

export interface LoadRequest extends ReadControl {
  /** Which of a Hugging Face folder's number formats to take. */
  readonly dtype?: Dtype;
}

/** What is read before the networks are. */
interface Plan {
  readonly manifest: Manifest;
  /** The manifest, now that the decoder's network tells what the files did not. */
  complete(decoder: Session): Manifest;
}

/**
 * Reads a model's files and makes its sessions.
 *
 * @throws CaptionError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_CORRUPT`, `MODEL_UNSUPPORTED`,
 *   `NETWORK_FAILED`, `RUNTIME_UNAVAILABLE`
 */
export async function loadModel(
  source: ModelSource,
  settings: LoadSettings,
  request: LoadRequest = {},
): Promise<Model> {
  const plan = await readPlan(source, request);
  const { manifest: draft } = plan;
  const network = (paths: { file: string; data?: readonly string[] }) =>
    readNetwork(source, paths, draft.sha256, settings.runtime, request);
  const json = async (file: string) =>
    parseJson(await readModelFile(source, file, draft.sha256[file], request), file);
  const { config } = draft.tokenizer;
  const [encoderFile, decoderFile, tokenizerJson, tokenizerConfig] = await Promise.all([
    network(draft.encoder),
    network(draft.decoder),
    json(draft.tokenizer.file),
    config && json(config),
  ]);
  throwIfAborted(request.signal);
  const tokenizer = createTokenizer(tokenizerJson, tokenizerConfig);

  /** All networks of the model run on one runtime. */
  const open = async (on: LoadSettings): Promise<Model> => {
    const sessions: Session[] = [];
    const session = async (file: typeof encoderFile, what: string, shapes = {}) => {
      const opened = await createSession(file, what, on, shapes);
      sessions.push(opened);
      return opened;
    };
    try {
      const encoder = await session(encoderFile, draft.encoder.file, {
        [draft.encoder.input]: pixelDims(draft.image),
      });
      const later = await session(decoderFile, draft.decoder.file);
      const manifest = plan.complete(later);
      const { firstStep } = manifest.decoder;
      const first = firstStep ? await session(await network(firstStep), firstStep.file) : later;
      checkNames(manifest, encoder, { first, later });
      checkVocabulary(manifest, later, tokenizer);
      return {
        manifest,
        tokenizer,
        runtime: on.name ?? 'custom',
        encode: (pixels) => encodePhoto(encoder, manifest, pixels),
        decode: (photo) => startCaption({ first, later }, manifest, photo),
        release: () => releaseAll(sessions),
      };
    } catch (error) {
      await releaseAll(sessions);
      throw error;
    }
  };
  const { otherwise, ...firstChoice } = settings;
  try {
    return await open(firstChoice);
  } catch (error) {
    const isLacking = error instanceof CaptionError && lacksSomething(error.cause);
    if (!otherwise || !isLacking) throw error;
    return open({ ...firstChoice, ...(await otherwise()) });
  }
}

/** A folder of ours has a manifest; one of Hugging Face's has a configuration to derive it from. */
async function readPlan(source: ModelSource, request: LoadRequest): Promise<Plan> {
  let bytes: Uint8Array;
  try {
    bytes = await source.read('manifest.json', request);
  } catch (error) {
    const absent = error instanceof CaptionError && error.code === 'MODEL_NOT_FOUND';
    if (!absent || !(await source.has('config.json'))) throw error;
    // Who brings no such model along reads none of this code.
    const { readHuggingFaceFolder, completeManifest } = await import('./huggingface/manifest.js');
    const { draft } = await readHuggingFaceFolder(source, request.dtype, request);
    return { manifest: draft, complete: (decoder) => completeManifest(draft, decoder) };
  }
  if (request.dtype !== undefined) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "dtype" chooses among the files of a Hugging Face folder; the model in ${source.name} has a manifest.json, which names its files.`,
    );
  }
  const manifest = readManifest(parseJson(bytes, 'manifest.json'));
  return { manifest, complete: () => manifest };
}

function pixelDims({ width, height, layout }: Manifest['image']): number[] {
  return layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3];
}

async function encodePhoto(
  session: Session,
  { encoder, image }: Manifest,
  pixels: Float32Array,
): Promise<EncodedPhoto> {
  const dims = pixelDims(image);
  const values: Values =
    session.inputType(encoder.input) === 'float16'
      ? { type: 'float16', data: float32ToFloat16(pixels), dims }
      : { type: 'float32', data: pixels, dims };
  checkShape(session, encoder.file, encoder.input, values);
  return session.run({ [encoder.input]: values }, encoder.outputs);
}

function startCaption(
  networks: DecoderNetworks,
  manifest: Manifest,
  photo: EncodedPhoto,
): DecoderStep {
  const { encoderInputs, firstStep, file } = manifest.decoder;
  for (const [input, output] of Object.entries(encoderInputs)) {
    const values = photo[output];
    if (values) checkShape(networks.first, firstStep?.file ?? file, input, values);
  }
  return startDecoding(networks, manifest, photo);
}

async function releaseAll(sessions: readonly Session[]): Promise<void> {
  for (const session of sessions) await session.release();
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new CaptionError('ABORTED', 'Loading the model was aborted.', { cause: signal.reason });
  }
}
