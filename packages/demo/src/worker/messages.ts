import type { Caption, CaptionRequest } from '../caption.js';

/** What the page tells the worker. */
export type ToWorker =
  | { readonly type: 'load' }
  | {
      readonly type: 'caption';
      readonly id: number;
      readonly photo: Blob;
      readonly request: CaptionRequest;
      /** Send words as they are found? */
      readonly stream: boolean;
    }
  | { readonly type: 'cancel'; readonly id: number };

/** Search settings that the model comes with. */
export interface ModelDefaults {
  readonly numBeams: number;
  readonly maxLength: number;
}

/** How far the files have come, in bytes. */
export interface DownloadProgress {
  readonly loaded: number;
  readonly total: number;
}

/** What the worker tells the page. */
export type FromWorker =
  | ({ readonly type: 'progress' } & DownloadProgress)
  | { readonly type: 'starting' }
  | {
      readonly type: 'ready';
      readonly backend: string;
      readonly model: string;
      readonly defaults: ModelDefaults;
      /** Milliseconds from having the files to being ready. */
      readonly startup: number;
    }
  | { readonly type: 'load-failed'; readonly code: string; readonly message: string }
  | { readonly type: 'words'; readonly id: number; readonly text: string }
  | { readonly type: 'result'; readonly id: number; readonly caption: Caption }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly code: string;
      readonly message: string;
    };
