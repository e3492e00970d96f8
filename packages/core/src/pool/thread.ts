import type { ImageInput } from '../types.js';
import type { Answer, Request } from './protocol.js';

/** A worker thread as the pool sees it, whether of Node or of a browser. */
export interface Thread {
  /** @throws DataCloneError for what cannot be passed to another thread */
  post(request: Request, transfer?: readonly Transferable[]): void;
  /** Whether the thread keeps the process alive. No effect in browsers. */
  keepAlive(yes: boolean): void;
  terminate(): Promise<unknown>;
}

export interface ThreadEvents {
  onAnswer(answer: Answer): void;
  /** The thread failed or ended; after `terminate` this may come or not. */
  onEnd(cause: Error): void;
}

/** The platform's part of worker threads. */
export interface Threads {
  readonly startThread: StartThread;
  /** Whether workers share downloads. Further workers then start after the first has loaded. */
  readonly sharesDownloads?: boolean;
  /** What can only be read on the caller's thread, as something that can be passed on; default: as it is. */
  inputForWorker?(
    input: ImageInput,
    limits: { readonly maxBytes: number; readonly maxPixels: number },
  ): Promise<ImageInput>;
}

export type StartThread = (events: ThreadEvents) => Thread;
