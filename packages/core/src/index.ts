export { type Captioner, captionImage, loadCaptioner } from './captioner.js';
export { CaptionError, type CaptionErrorCode } from './errors.js';
export type { PatchSpec, PatchSplit } from './image/patch-layout.js';
export type { DecodeMode, PreprocessSpec } from './image/preprocess.js';
export type { Arithmetic, Resample } from './image/resize.js';
export type { TileSpec } from './image/tile-sizes.js';
export type { ImageFormat, Orientation, RawImage, Size } from './image/types.js';
export type { FetchPhoto } from './input/download.js';
export type { Dtype } from './model/huggingface/dtype.js';
export type {
  ConfidenceModel,
  EmbeddingSpec,
  GenerationDefaults,
  Manifest,
  NetworkPaths,
  StateTensor,
  TagsSpec,
  TextEncoderSpec,
} from './model/manifest.js';
export type { PhotoText, PromptSpec, PromptTask } from './model/prompt.js';
export type { OrtRuntime, RuntimeName, WasmFiles } from './model/runtime.js';
export type { LoadProgress, ModelFile, ModelFiles } from './model/source.js';
export type { CaptionStream } from './stream.js';
export type {
  CaptionAllOptions,
  CaptionCandidate,
  CaptionOptions,
  CaptionOutcome,
  CaptionResult,
  CaptionTag,
  CaptionTimings,
  CaptionToken,
  EmbedOptions,
  ImageInput,
  LoadOptions,
  WordAttention,
} from './types.js';
export { VERSION } from './version.js';
