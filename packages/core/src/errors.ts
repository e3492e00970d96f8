/**
 * What went wrong, as a stable word that programs may test.
 *
 * | code | meaning |
 * |---|---|
 * | `INVALID_OPTION` | an option is unknown, of the wrong type or out of range |
 * | `INVALID_INPUT` | the thing handed in as an image is of a type that cannot hold one |
 * | `FILE_NOT_FOUND` | a path or URL given as an image leads to nothing readable |
 * | `UNSUPPORTED_FORMAT` | the bytes are not an image of a kind that is read here |
 * | `IMAGE_TOO_LARGE` | more bytes or pixels than `maxBytes` or `maxPixels` allow |
 * | `DECODE_FAILED` | the bytes claim to be an image but nothing usable is in them |
 * | `MODEL_NOT_FOUND` | no model where one was expected, or a file of it is missing |
 * | `MODEL_INVALID` | manifest, tokenizer or network do not say or do what they must |
 * | `MODEL_CORRUPT` | a model file's bytes are not those that the manifest promises |
 * | `MODEL_UNSUPPORTED` | a sound model of a kind that cannot be run here |
 * | `RUNTIME_UNAVAILABLE` | the ONNX runtime or a worker thread cannot be started |
 * | `RUNTIME_FAILED` | the ONNX runtime failed while running the model, or the worker thread that ran it ended |
 * | `PARSER_NOT_FOUND` | what reads a page's kind (HTML, Markdown, a framework's components) is not installed |
 * | `FILE_CHANGED` | a file to be written was changed by somebody else meanwhile |
 * | `WRITE_FAILED` | a file cannot be written |
 * | `NETWORK_FAILED` | a download failed or was refused |
 * | `ABORTED` | the caller's `AbortSignal` fired |
 * | `DISPOSED` | the captioner was used after `dispose()` |
 */
export type CaptionErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_INPUT'
  | 'FILE_NOT_FOUND'
  | 'UNSUPPORTED_FORMAT'
  | 'IMAGE_TOO_LARGE'
  | 'DECODE_FAILED'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_INVALID'
  | 'MODEL_CORRUPT'
  | 'MODEL_UNSUPPORTED'
  | 'RUNTIME_UNAVAILABLE'
  | 'RUNTIME_FAILED'
  | 'PARSER_NOT_FOUND'
  | 'FILE_CHANGED'
  | 'WRITE_FAILED'
  | 'NETWORK_FAILED'
  | 'ABORTED'
  | 'DISPOSED';

/**
 * The one error class of the library. `message` says what was wrong, what was expected and what to
 * do; `cause` carries the error underneath, where there is one.
 *
 * @example
 * try {
 *   await captionImage(bytes);
 * } catch (error) {
 *   if (error instanceof CaptionError && error.code === 'IMAGE_TOO_LARGE') { … }
 * }
 */
export class CaptionError extends Error {
  readonly code: CaptionErrorCode;

  constructor(code: CaptionErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CaptionError';
    this.code = code;
  }
}
