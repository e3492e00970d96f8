import { CaptionError } from '../errors.js';
import type { DecoderStep } from '../search/types.js';
import { type CaptionTokenizer, createTokenizer } from '../text/tokenizer.js';
import { startDecoding } from './decoder.js';
import { type Manifest, readManifest } from './manifest.js';
import { createSession, type Session, type SessionSettings, type Values } from './session.js';
import { type ModelSource, type ReadControl, verifySha256 } from './source.js';

/** The encoder's outputs for one photo, by name. */
export type EncodedPhoto = Readonly<Record<string, Values>>;

/** A model, loaded and ready. */
export interface Model {
  readonly manifest: Manifest;
  readonly tokenizer: CaptionTokenizer;
  /** Looks at one photo: `pixels` as `manifest.image` describes them. */
  encode(pixels: Float32Array): Promise<EncodedPhoto>;
  /** Starts a caption of that photo. */
  decode(photo: EncodedPhoto): DecoderStep;
  release(): Promise<void>;
}

/**
 * Reads a model's files and makes its sessions.
 *
 * @throws CaptionError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_CORRUPT`, `MODEL_UNSUPPORTED`,
 *   `NETWORK_FAILED`, `RUNTIME_UNAVAILABLE`
 */
export async function loadModel(
  source: ModelSource,
  settings: SessionSettings,
  control: ReadControl = {},
): Promise<Model> {
  const manifest = readManifest(await readJson(source, 'manifest.json', control));
  const read = async (file: string) => {
    const bytes = await source.read(file, control);
    refusePointer(bytes, file, source);
    const expected = manifest.sha256[file];
    if (source.verify && expected) await verifySha256(bytes, expected, file, source.name);
    return bytes;
  };
  const { config } = manifest.tokenizer;
  const [encoderBytes, decoderBytes, tokenizerJson, tokenizerConfig] = await Promise.all([
    read(manifest.encoder.file),
    read(manifest.decoder.file),
    read(manifest.tokenizer.file).then((bytes) => parseJson(bytes, manifest.tokenizer.file)),
    config && read(config).then((bytes) => parseJson(bytes, config)),
  ]);
  throwIfAborted(control.signal);
  const tokenizer = createTokenizer(tokenizerJson, tokenizerConfig);
  const encoder = await createSession(encoderBytes, manifest.encoder.file, settings);
  const decoder = await createSession(decoderBytes, manifest.decoder.file, settings);
  checkNames(manifest, encoder, decoder);

  const { width, height, layout } = manifest.image;
  const dims = layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3];
  return {
    manifest,
    tokenizer,
    encode: (data) =>
      encoder.run(
        { [manifest.encoder.input]: { type: 'float32', data, dims } },
        manifest.encoder.outputs,
      ),
    decode: (photo) => startDecoding(decoder, manifest, photo),
    async release() {
      await encoder.release();
      await decoder.release();
    },
  };
}

/** Every tensor that the manifest names must be one of the networks', and the other way round. */
function checkNames(manifest: Manifest, encoder: Session, decoder: Session): void {
  const { state, encoderInputs, attention } = manifest.decoder;
  const inputs = [
    manifest.decoder.tokens,
    ...Object.keys(encoderInputs),
    ...state.map((tensor) => tensor.input),
  ];
  const outputs = [
    manifest.decoder.logits,
    ...(attention ? [attention] : []),
    ...state.map((tensor) => tensor.output),
  ];
  requireNames(manifest.encoder.file, 'input', [manifest.encoder.input], encoder.inputs);
  requireNames(manifest.encoder.file, 'output', manifest.encoder.outputs, encoder.outputs);
  requireNames(manifest.decoder.file, 'input', inputs, decoder.inputs);
  requireNames(manifest.decoder.file, 'output', outputs, decoder.outputs);
  requireNames('manifest.json', 'encoder output', Object.values(encoderInputs), [
    ...manifest.encoder.outputs,
  ]);
  const unfed = decoder.inputs.filter((name) => !inputs.includes(name));
  if (unfed.length > 0) {
    throw new CaptionError(
      'MODEL_INVALID',
      `${manifest.decoder.file} wants an input that the manifest does not mention: ${unfed.join(', ')}.`,
    );
  }
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

async function readJson(source: ModelSource, file: string, control: ReadControl) {
  return parseJson(await source.read(file, control), file);
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CaptionError('MODEL_INVALID', `The model's ${file} is not JSON.`, { cause });
  }
}

/** A repository cloned without Git LFS has small text files where the weights should be. */
function refusePointer(bytes: Uint8Array, file: string, source: ModelSource): void {
  const pointer = 'version https://git-lfs';
  if (bytes.length > 1024) return;
  if (new TextDecoder().decode(bytes.subarray(0, pointer.length)) !== pointer) return;
  throw new CaptionError(
    'MODEL_CORRUPT',
    `${file} of ${source.name} is a Git LFS pointer, not the file itself. Run "git lfs pull" there, or download the file.`,
  );
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new CaptionError('ABORTED', 'Loading the model was aborted.', { cause: signal.reason });
  }
}
