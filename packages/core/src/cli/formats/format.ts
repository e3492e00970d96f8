import type { PhotoReport } from './report.js';

/** Text for a stream of photos; what it gives is printed one after the other. */
export interface OutputFormat {
  /** Before the first photo. */
  head(): string;
  photo(report: PhotoReport): string;
  /** After the last photo, also when the work was stopped before its end. */
  tail(): string;
}

/** What a format has to know before the first photo. */
export interface FormatContext {
  /** Photos there are to caption. */
  readonly photos: number;
  /** Captions shown for each. */
  readonly captions: number;
  /** Show tags? */
  readonly tags: boolean;
  /** Show what each stage took? */
  readonly timings: boolean;
}

export type FormatName = 'text' | 'json' | 'jsonl' | 'csv' | 'md';
