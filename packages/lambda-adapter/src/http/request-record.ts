/** What is known of a request when it is over. Never a photo, its name or its caption. */
export interface RequestRecord {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  status: number;
  /** When the request came: milliseconds since 1970. */
  readonly started?: number;
  /** Milliseconds from the arrival to the answer's end. */
  duration: number;
  /** Photos and their bytes together. */
  photos?: number;
  photoBytes?: number;
  /** Milliseconds in the queue, of all photos together. */
  queued?: number;
  /** `traceparent` and `tracestate` of the request (W3C Trace Context). */
  traceparent?: string;
  tracestate?: string;
  /** Kind of file of the last photo: `jpeg`, `png`, … */
  format?: string;
  /** Photos whose caption was remembered or being made for somebody else. */
  cacheHits?: number;
  /** Milliseconds by stage, of all photos together. */
  timings?: Record<string, number>;
  error?: unknown;
}
