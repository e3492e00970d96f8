import { uprightSize } from './image/orient.js';
import type {
  DecodedImage,
  ImageFormat,
  Levels,
  Orientation,
  RgbImage,
  Size,
} from './image/types.js';
import type { OrtRuntime, RuntimeName } from './model/runtime.js';
import type { ModelFiles, ModelSource } from './model/source.js';
import type { Threads } from './pool/thread.js';
import type { ImageInput, LoadOptions } from './types.js';

/** How to open a photo. */
export interface OpenRequest {
  readonly maxBytes: number;
  readonly maxPixels: number;
  /** Turn the photo upright? */
  readonly orientation: boolean;
  /** The smallest upright size that is needed of a photo whose full upright size is given. */
  readonly minimumSize: (upright: Size) => Size;
  /** Stops reading. */
  readonly signal?: AbortSignal;
}

/** A photo in memory, upright, perhaps smaller than it was stored. */
export interface OpenedPhoto extends RgbImage<Levels> {
  readonly format: ImageFormat | 'raw' | (string & {});
  readonly stored: Size;
  readonly upright: Size;
  readonly orientation: Orientation;
  readonly warnings: readonly string[];
}

/**
 * The parts that differ between Node and browsers. `#platform` resolves to `node/platform.ts`
 * or `browser/platform.ts` by the conditions in package.json.
 */
export interface Platform extends PipelinePlatform, Threads {
  /** The same model for a worker thread, which may have other addresses of its own. */
  modelForWorker(model: LoadOptions['model']): Promise<string | ModelFiles | undefined>;
}

/** What captioning on one thread needs. A Web Worker has only this part (`browser/worker-platform.ts`). */
export interface PipelinePlatform {
  /** The runtime of that name. */
  loadRuntime(name: RuntimeName): Promise<OrtRuntime>;
  /** Default number of threads of one run. */
  defaultThreads(): number;
  /** The embedded model. */
  defaultModel(): Promise<ModelSource>;
  /** A model's folder by path or address. */
  modelSource(location: string | URL): Promise<ModelSource>;
  /** A model whose files are passed one by one. */
  filesSource(files: ModelFiles): ModelSource;
  /** Any input to pixels. */
  openPhoto(input: ImageInput, request: OpenRequest): Promise<OpenedPhoto>;
}

/** A decoded file as an opened photo; `turned` says whether its orientation was applied. */
export function openDecoded(image: DecodedImage, turned: boolean): OpenedPhoto {
  const { header, ...pixels } = image;
  const orientation = turned ? header.orientation : 1;
  const stored = { width: header.width, height: header.height };
  return {
    ...pixels,
    stored,
    orientation,
    format: header.format,
    upright: uprightSize(stored, orientation),
  };
}

/** Pixels that were handed in, as an opened photo. */
export function openRaw(image: RgbImage<Levels>): OpenedPhoto {
  const size = { width: image.width, height: image.height };
  return { ...image, stored: size, upright: size, format: 'raw', orientation: 1, warnings: [] };
}
