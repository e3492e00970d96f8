import type { PhotoReport } from './report.js';

/** Formats a stream of photos; the returned texts are printed one after the other. */
export interface OutputFormat {
  /** Before the first photo. */
  head(): string;
  photo(report: PhotoReport): string;
  /** After the last photo, also when the run was stopped early. */
  tail(): string;
}

/** Facts that a format needs before the first photo. */
export interface FormatContext {
  /** Number of photos to caption; undefined while they are still being listed. */
  readonly photos: number | undefined;
  /** Number of captions shown for each photo. */
  readonly captions: number;
  /** Show tags? */
  readonly tags: boolean;
  /** Show the time of each stage? */
  readonly timings: boolean;
}

export type FormatName = 'text' | 'json' | 'jsonl' | 'csv' | 'md';
