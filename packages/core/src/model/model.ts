import { CaptionError } from '../errors.js';
import type { PixelValues } from '../image/preprocess.js';
import type { DecoderStep } from '../search/types.js';
import { type TagWords, tagWords } from '../text/tags.js';
import { type CaptionTokenizer, createTokenizer } from '../text/tokenizer.js';
import { checkNames, checkShape, checkTags, checkVocabulary } from './agreement.js';
import { type DecoderNetworks, type EncodedPhoto, startDecoding } from './decoder.js';
import { encodePhoto, featuresOf, pixelDims } from './encode.js';
import type { Dtype } from './huggingface/dtype.js';
import type { Manifest, NetworkPaths } from './manifest.js';
import { parseJson, readModelFile, readNetwork } from './network-files.js';
import { readManifest } from './read-manifest.js';
import { lacksSomething, type RuntimeName, type Runtimes } from './runtime.js';
import { createSession, type NetworkFile, type Session, type SessionSettings } from './session.js';
import type { ModelSource, ReadControl } from './source.js';

/** A loaded model. */
export interface Model {
  readonly manifest: Manifest;
  readonly tokenizer: CaptionTokenizer;
  /** The runtime of its networks. */
  readonly runtime: RuntimeName | 'custom';
  /**
   * Runs the encoder on one photo: `pixels` as `manifest.image` describes them.
   *
   * @param prompt for models that take one: a task's name or a text
   */
  encode(pixels: Float32Array | PixelValues, prompt?: string): Promise<EncodedPhoto>;
  /** The words of the tags that `encode` returns; absent if the model has no tags. */
  readonly tags?: TagWords;
  /** The feature vector of one photo; absent if the model has no features. */
  readonly features?: (pixels: Float32Array | PixelValues) => Promise<Float32Array>;
  /** Starts a caption of that photo, after the tokens of its `start`. */
  startDecoding(photo: EncodedPhoto): DecoderStep;
  release(): Promise<void>;
}

/** The runtime of the networks and, optionally, another one for models that the first cannot run. */
export type LoadSettings = SessionSettings & Partial<Runtimes>;

export interface LoadRequest extends ReadControl {
  /** The number format, for Hugging Face folders with several. */
  readonly dtype?: Dtype;
}

/** What is known before the networks are loaded. */
interface Plan {
  readonly manifest: Manifest;
  /** The complete manifest: the decoder's network has facts that the files lack. */
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
  const network = (paths: NetworkPaths) =>
    readNetwork(source, paths, draft.sha256, settings.runtime, request);
  const json = async (file: string) =>
    parseJson(await readModelFile(source, file, draft.sha256[file], request), file);
  const { config } = draft.tokenizer;
  const [tokenizerJson, tokenizerConfig, ...files] = await Promise.all([
    json(draft.tokenizer.file),
    config && json(config),
    network(draft.encoder),
    network(draft.decoder),
  ]);
  throwIfAborted(request.signal);
  const tokenizer = createTokenizer(tokenizerJson, tokenizerConfig);

  /** The decoder in two networks, where that spares work; never for the engine, whose models need none. */
  const splitDecoder = async (file: NetworkFile, on: LoadSettings) => {
    const { decoder } = draft;
    if (on.name === 'engine' || Object.keys(decoder.encoderInputs).length === 0) return undefined;
    const { openSplit } = await import('./split/open-split.js');
    return openSplit(source, decoder, file, (part) => createSession(part, decoder.file, on));
  };

  /**
   * All networks of the model run on one runtime. The files are handed in: captured, they would stay in memory as
   * long as the model does.
   */
  const open = async (
    on: LoadSettings,
    [encoderFile, decoderFile]: readonly [NetworkFile, NetworkFile],
  ): Promise<Model> => {
    const sessions: Session[] = [];
    const session = async (file: NetworkFile, what: string, shapes = {}) => {
      const opened = await createSession(file, what, on, shapes);
      sessions.push(opened);
      return opened;
    };
    const sessionOf = async (paths: NetworkPaths | undefined) =>
      paths && session(await network(paths), paths.file);
    try {
      const vision = await session(
        encoderFile,
        draft.encoder.file,
        draft.image.tiles || draft.image.patches
          ? {}
          : { [draft.encoder.input]: pixelDims(draft.image) },
      );
      const embedding = await sessionOf(draft.embedding);
      const text = await sessionOf(draft.textEncoder);
      const split = await splitDecoder(decoderFile, on);
      if (split) sessions.push(split);
      const later = split ?? (await session(decoderFile, draft.decoder.file));
      const manifest = plan.complete(later);
      const first = (await sessionOf(manifest.decoder.firstStep)) ?? later;
      const encoders = { vision, ...(embedding && { embedding }), ...(text && { text }) };
      const decoders = { first, later, ...(embedding && { embedding }) };
      checkNames(manifest, encoders, decoders);
      checkVocabulary(manifest, later, tokenizer);
      const tags = draft.encoder.tags && tagWords(draft.encoder.tags, tokenizer);
      if (tags) checkTags(manifest, vision, tags.words);
      const { features } = manifest.encoder;
      return {
        manifest,
        tokenizer,
        ...(tags && { tags }),
        ...(features !== undefined && {
          features: (pixels) => featuresOf(vision, manifest, features, valuesOf(pixels)),
        }),
        runtime: on.name ?? 'custom',
        encode: (pixels, prompt) =>
          encodePhoto(encoders, manifest, tokenizer, valuesOf(pixels), prompt),
        startDecoding: (photo) => startCaption(decoders, manifest, photo),
        release: () => releaseAll(sessions),
      };
    } catch (error) {
      await releaseAll(sessions);
      throw error;
    }
  };
  const { otherwise, ...firstChoice } = settings;
  // Models that take a prompt have hundreds of megabytes: they are not loaded twice to find a runtime.
  if (otherwise && draft.prompt) return open({ ...firstChoice, ...(await otherwise()) }, files);
  try {
    const model = await open(firstChoice, files);
    if (firstChoice.name === 'engine') files.forEach(discard);
    return model;
  } catch (error) {
    const isLacking = error instanceof CaptionError && lacksSomething(error.cause);
    if (!otherwise || !isLacking) throw error;
    return open({ ...firstChoice, ...(await otherwise()) }, files);
  }
}

/**
 * Gives the memory of a file's bytes back, as the engine has put them into its own. Left to the garbage collector they
 * would stay until after the first caption, when most memory is taken.
 */
function discard({ network, isOwn }: NetworkFile): void {
  // Small files may be parts of a buffer that Node shares.
  if (!isOwn || typeof network === 'string' || network.length < network.buffer.byteLength) return;
  const buffer = network.buffer as ArrayBuffer & { transfer?(length: number): ArrayBuffer };
  if (buffer.transfer) buffer.transfer(0);
  // Before Node 22: what it is handed over to is forgotten at once.
  else structuredClone(buffer, { transfer: [buffer] });
}

function valuesOf(pixels: Float32Array | PixelValues): PixelValues {
  return pixels instanceof Float32Array ? { data: pixels } : pixels;
}

/** Reads the manifest of our own format, or derives one from a Hugging Face configuration. */
async function readPlan(source: ModelSource, request: LoadRequest): Promise<Plan> {
  let bytes: Uint8Array;
  try {
    bytes = await source.read('manifest.json', request);
  } catch (error) {
    const absent = error instanceof CaptionError && error.code === 'MODEL_NOT_FOUND';
    if (!absent || !(await source.has('config.json'))) throw error;
    // Loaded only for Hugging Face folders.
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

function startCaption(
  networks: DecoderNetworks,
  manifest: Manifest,
  photo: EncodedPhoto,
): DecoderStep {
  const { encoderInputs, firstStep, file } = manifest.decoder;
  for (const [input, output] of Object.entries(encoderInputs)) {
    const values = photo.outputs[output];
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
