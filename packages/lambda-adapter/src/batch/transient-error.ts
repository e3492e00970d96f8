import { CaptionError } from 'zipcaption';

/**
 * A failure that may be over at the next attempt: the queue, the state machine or S3 Batch Operations
 * tries again. Its name is the code, which Lambda reports as the error's type.
 */
export class TransientError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = code;
    this.code = code;
  }
}

/**
 * Codes of the core that are about the photo, or what was asked of it, and therefore final. All
 * others (the model, the runtime, the network, the time) are about us.
 */
const final: ReadonlySet<string> = new Set([
  'DECODE_FAILED',
  'IMAGE_TOO_LARGE',
  'INVALID_INPUT',
  'INVALID_OPTION',
  'UNSUPPORTED_FORMAT',
]);

/** The error if it is about the photo and final. */
export function photoError(error: unknown): CaptionError | undefined {
  return error instanceof CaptionError && final.has(error.code) ? error : undefined;
}
