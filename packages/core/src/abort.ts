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

/** What each signal calls when it fires. */
const listenersOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `listener` when the signal fires; not if it has fired already.
 *
 * All listeners share one event listener on the signal: Node 20 warns of a leak when a signal has more than
 * ten, and callers pass one signal with many photos.
 *
 * @returns removes the listener
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal || signal.aborted) return () => undefined;
  const listeners = listenersOf.get(signal) ?? new Set();
  listenersOf.set(signal, listeners);
  listeners.add(listener);
  signal.addEventListener('abort', callListeners, { once: true });
  return () => {
    listeners.delete(listener);
    // A signal of AbortSignal.any is kept in memory as long as it has a listener.
    if (listeners.size === 0) signal.removeEventListener('abort', callListeners);
  };
}

function callListeners({ currentTarget }: Event): void {
  for (const listener of listenersOf.get(currentTarget as AbortSignal) ?? []) listener();
}

/** A controller that also fires when the caller's signal does, until `unlink` is called. */
export function linkedController(signal: AbortSignal | undefined): {
  readonly controller: AbortController;
  unlink(): void;
} {
  const controller = new AbortController();
  // Not AbortSignal.any: Safari has it since 17.4 only, and in Node 20 it keeps what it made.
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  return { controller, unlink: onAbort(signal, abort) };
}
