import { CaptionError } from './errors.js';

/** The error of a caption whose `AbortSignal` fired. */
export function abortError(signal: AbortSignal | undefined): CaptionError {
  return new CaptionError('ABORTED', 'Captioning was stopped by its AbortSignal.', {
    cause: signal?.reason,
  });
}

/** @throws CaptionError `ABORTED` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** A controller that also fires when the caller's signal does, until `unlink` is called. */
export function linkedController(signal: AbortSignal | undefined): {
  readonly controller: AbortController;
  unlink(): void;
} {
  const controller = new AbortController();
  // Not AbortSignal.any: Safari has it since 17.4 only, and in Node 20 it keeps what it made.
  const onAbort = () => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return { controller, unlink: () => signal?.removeEventListener('abort', onAbort) };
}
