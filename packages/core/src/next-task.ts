import { throwIfAborted } from './abort.js';

/** Resolves in a later task, after pending timers, input events and painting. */
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
 * Lets other work on this thread run, then continues unless the caller has aborted.
 *
 * @throws CaptionError `ABORTED`
 */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await nextTask();
  throwIfAborted(signal);
}
