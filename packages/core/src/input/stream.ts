import { abortError, onAbort, throwIfAborted } from '../abort.js';
import { CaptionError } from '../errors.js';
import { pause } from '../next-task.js';
import { BytePieces } from './byte-pieces.js';
import { viewBytes } from './memory.js';

/** Anything that gives a file's bytes piece by piece: a stream of Node or of the web, a generator. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

export interface ReadLimits {
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** For messages: what is being read. */
  readonly what: string;
}

/** Milliseconds after which a stream that always has a next piece lets other work on this thread run. */
const TURN = 4;

/**
 * All bytes of a stream. It is cancelled when there are too many, or when the signal fires.
 *
 * @throws CaptionError `IMAGE_TOO_LARGE` as soon as there are more than `maxBytes`, `ABORTED`,
 *   `INVALID_INPUT` for a stream that was read already or gives no bytes, `FILE_NOT_FOUND` where the
 *   stream itself fails
 */
export async function readStream(
  stream: ByteStream,
  { maxBytes, signal, what }: ReadLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  throwIfAborted(signal);
  const source = open(stream, what);
  const pieces = new BytePieces();
  let turnEnds = performance.now() + TURN;
  let isDone = false;
  let stop: (error: unknown) => void = () => {};
  const removeListener = onAbort(signal, () => stop(abortError(signal)));
  try {
    for (;;) {
      const piece = await new Promise<IteratorResult<unknown>>((resolve, reject) => {
        stop = reject;
        source.next().then(resolve, reject);
      });
      if (piece.done) break;
      const bytes = viewBytes(piece.value);
      if (!bytes) throw noBytes(piece.value, what);
      if (pieces.length + bytes.length > maxBytes) {
        throw new CaptionError(
          'IMAGE_TOO_LARGE',
          `${what} has more bytes than the option "maxBytes" allows (${maxBytes}). Send a smaller file or raise the limit.`,
        );
      }
      pieces.add(bytes);
      if (performance.now() > turnEnds) {
        await pause(signal);
        turnEnds = performance.now() + TURN;
      }
    }
    isDone = true;
  } catch (cause) {
    if (cause instanceof CaptionError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CaptionError('FILE_NOT_FOUND', `${what} cannot be read: ${why}.`, { cause });
  } finally {
    removeListener();
    if (!isDone) source.cancel();
  }
  return pieces.joined();
}

interface Source {
  next(): Promise<IteratorResult<unknown>>;
  /** Cancels the stream, ignoring its errors. */
  cancel(): void;
}

/** @throws CaptionError `INVALID_INPUT` for a stream that somebody else reads or has read */
function open(stream: ByteStream, what: string): Source {
  if ('getReader' in stream) {
    let reader: ReadableStreamDefaultReader<Uint8Array>;
    try {
      reader = stream.getReader();
    } catch (cause) {
      throw alreadyRead(what, cause);
    }
    return {
      next: async () => {
        const { done, value } = await reader.read();
        return { done, value };
      },
      cancel: () => void reader.cancel().catch(() => undefined),
    };
  }
  // A stream of Node that has ended would give nothing, one that was destroyed would never end.
  if ('readable' in stream && stream.readable === false) throw alreadyRead(what);
  const iterator = stream[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    cancel: () => {
      // A generator that waits for its next value hears of this only afterwards; a stream at once.
      if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
      else Promise.resolve(iterator.return?.()).catch(() => undefined);
    },
  };
}

function alreadyRead(what: string, cause?: unknown): CaptionError {
  const message = `${what} was already read, or is being read. Pass a new one, or its bytes.`;
  return new CaptionError('INVALID_INPUT', message, { cause });
}

function noBytes(value: unknown, what: string): CaptionError {
  return new CaptionError(
    'INVALID_INPUT',
    `${what} must give bytes (Uint8Array), but it gives ${typeof value === 'string' ? 'text; open it without an encoding' : `a ${typeof value}`}.`,
  );
}
