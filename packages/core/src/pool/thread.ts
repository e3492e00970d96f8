import type { Answer, Request } from './protocol.js';

/** A worker thread as the pool sees it, whether of Node or of a browser. */
export interface Thread {
  /** @throws DataCloneError for what cannot be passed to another thread */
  post(request: Request, transfer?: readonly Transferable[]): void;
  /** Must the process wait for this thread? Without a meaning in browsers. */
  keepAlive(yes: boolean): void;
  terminate(): Promise<unknown>;
}

export interface ThreadEvents {
  onAnswer(answer: Answer): void;
  /** The thread failed or ended; after `terminate` this may come or not. */
  onEnd(cause: Error): void;
}

export type StartThread = (events: ThreadEvents) => Thread;
