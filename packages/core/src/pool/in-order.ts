import { abortError, onAbort, throwIfAborted } from '../abort.js';

/**
 * Works on up to `most` inputs at a time and yields the results in the order of the inputs, each as
 * soon as it and all before it are there, even while the next input is still being waited for.
 *
 * @throws CaptionError `ABORTED` as soon as the signal fires, whatever is being waited for
 */
export async function* inOrder<Input, Output>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
  most: number,
  work: (input: Input, index: number) => Promise<Output>,
  signal?: AbortSignal,
): AsyncGenerator<Output, void, undefined> {
  const iterator =
    Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
  const pending: Promise<Output>[] = [];
  let next: Promise<IteratorResult<Input>> | undefined;
  let ended = false;
  let index = 0;
  let stop: (error: unknown) => void = () => {};
  const removeListener = onAbort(signal, () => stop(abortError(signal)));
  try {
    for (;;) {
      throwIfAborted(signal);
      if (!ended && pending.length < most) next ??= Promise.resolve(iterator.next());
      const [first] = pending;
      if (!next && !first) return;
      const happened = await new Promise<{ output: Output } | { entry: IteratorResult<Input> }>(
        (resolve, reject) => {
          stop = reject;
          first?.then((output) => resolve({ output }), reject);
          next?.then((entry) => resolve({ entry }), reject);
        },
      );
      if ('entry' in happened) {
        next = undefined;
        if (happened.entry.done) ended = true;
        else {
          const promise = work(happened.entry.value, index++);
          promise.catch(() => undefined); // Awaited later, when its turn comes.
          pending.push(promise);
        }
      } else {
        pending.shift();
        yield happened.output;
      }
    }
  } finally {
    removeListener();
    if (!ended) {
      next?.catch(() => undefined);
      const closing = Promise.resolve(iterator.return?.());
      // A generator that waits for its next value cannot be closed before it has it.
      if (signal?.aborted) closing.catch(() => undefined);
      else await closing;
    }
  }
}
