import type { RequestRecord } from './request-record.js';

/** What a route is given. */
export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly requestId: string;
  /** Milliseconds that the platform still leaves; infinite where it sets no limit. */
  timeLeft(): number;
  /** Who asks: the holder of a key, or an address. */
  readonly client: string;
  readonly mount: string;
  readonly trusted: boolean;
  readonly closing: boolean;
  readonly record: RequestRecord;
  /** Headers that the answer gets, also if it is a failure. */
  readonly headers: Record<string, string>;
  /** To be called by a route that answers before it is done; then it must call `finish` itself. */
  finishLater(): () => void;
}
