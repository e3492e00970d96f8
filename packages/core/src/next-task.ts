import { throwIfAborted } from './abort.js';

/** Resolves in a later task, once timers, input events and painting that are due have had a turn. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    // Browsers hold back nested timers for 4 ms each, but not messages.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/**
 * Gives everything else on this thread a turn, then goes on unless the caller has aborted.
 *
 * @throws CaptionError `ABORTED`
 */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await nextTask();
  throwIfAborted(signal);
}
