import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const CHUNK = 65_536;
const POLL_MS = 20;

/**
 * Reads a named pipe from its first writer until there are no writers; ends early when
 * the signal fires.
 *
 * Opened in the usual way, it would hold a thread until somebody opens it to write, which nothing can stop: not
 * even the process would end. So it is opened without waiting, and asked every now and then.
 */
export async function* fifoChunks(
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pipe = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    let hadWriter = false;
    while (!signal?.aborted) {
      const chunk = new Uint8Array(CHUNK);
      const count = await pipe.read(chunk, 0, CHUNK).then(
        ({ bytesRead }) => bytesRead,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EAGAIN') return undefined;
          throw error;
        },
      );
      if (count) {
        hadWriter = true;
        yield chunk.subarray(0, count);
        continue;
      }
      // Nothing, and no error: there is no writer, or none any more. An error: it has not written yet.
      if (count === 0 && hadWriter) return;
      if (count === undefined) hadWriter = true;
      await wait(POLL_MS);
    }
  } finally {
    await pipe.close();
  }
}
