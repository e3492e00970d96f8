/** Characters of a message: a damaged file's shapes may have thousands of sides. */
const MOST_TEXT = 500;

/**
 * Why a network does not run here.
 *
 * - `invalid`: the bytes are no ONNX network, or one that contradicts itself
 * - `unsupported`: an operator, type or shape that this engine lacks; another runtime may have it
 * - `unavailable`: WebAssembly with SIMD is not there, or not allowed, or has no memory left
 */
export class EngineError extends Error {
  readonly reason: 'invalid' | 'unsupported' | 'unavailable';

  constructor(reason: EngineError['reason'], message: string, options?: ErrorOptions) {
    super(message.length > MOST_TEXT ? `${message.slice(0, MOST_TEXT)}…` : message, options);
    this.name = 'EngineError';
    this.reason = reason;
  }
}

export function invalid(message: string): EngineError {
  return new EngineError('invalid', message);
}

export function unsupported(message: string): EngineError {
  return new EngineError('unsupported', message);
}
