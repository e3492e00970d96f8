/**
 * What went wrong, as a stable word that programs may test.
 *
 * | code | meaning |
 * |---|---|
 * | `INVALID_OPTION` | an option is unknown, of the wrong type or out of range |
 * | `INVALID_INPUT` | the input has a type that cannot hold an image |
 * | `FILE_NOT_FOUND` | a path or address leads to no readable file |
 * | `UNSUPPORTED_FORMAT` | the bytes are not an image in a supported format |
 * | `IMAGE_TOO_LARGE` | more bytes or pixels than `maxBytes` or `maxPixels` allow |
 * | `DECODE_FAILED` | the image is too damaged to decode any of it |
 * | `MODEL_NOT_FOUND` | there is no model at that place, or a file of it is missing |
 * | `MODEL_INVALID` | the manifest, the tokenizer or a network is invalid, or they do not belong together |
 * | `MODEL_CORRUPT` | a file of the model is damaged: its digest differs from the manifest |
 * | `MODEL_UNSUPPORTED` | the model is of a kind that is not supported, or lacks what the call needs |
 * | `RUNTIME_UNAVAILABLE` | the ONNX runtime or a worker thread cannot be started |
 * | `RUNTIME_FAILED` | the ONNX runtime failed while running the model, or the worker thread that ran it ended |
 * | `PARSER_NOT_FOUND` | the parser for a page (HTML, Markdown, a framework's components) is not installed |
 * | `FILE_CHANGED` | another program changed a file that was to be written |
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
