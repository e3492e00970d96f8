import { CaptionError } from '../errors.js';
import type { Size } from '../image/types.js';

/** The inputs that a canvas can draw. */
export type Drawable =
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame;

type Kind =
  | 'ImageBitmap'
  | 'HTMLImageElement'
  | 'HTMLCanvasElement'
  | 'OffscreenCanvas'
  | 'HTMLVideoElement'
  | 'VideoFrame';

/** Where the platform has such a class (a worker has no elements), is it one of those? */
function isA<Name extends Kind>(
  name: Name,
  input: unknown,
): input is InstanceType<(typeof globalThis)[Name]> {
  const type: unknown = (globalThis as Record<string, unknown>)[name];
  return typeof type === 'function' && input instanceof type;
}

/**
 * The size of what a canvas can draw, once there is something to draw; nothing for other inputs.
 *
 * @throws CaptionError `DECODE_FAILED` for an image or video that shows nothing, `INVALID_INPUT` for
 *   a canvas, bitmap or frame without pixels
 */
export async function drawableSize(
  input: unknown,
): Promise<{ drawable: Drawable; size: Size } | undefined> {
  const found = await find(input);
  if (!found) return undefined;
  const { drawable, width, height } = found;
  if (width > 0 && height > 0) return { drawable, size: { width, height } };
  throw new CaptionError(
    'INVALID_INPUT',
    `This ${drawable.constructor.name} has no pixels (${width} × ${height}): it is empty, closed, or was transferred.`,
  );
}

async function find(input: unknown): Promise<({ drawable: Drawable } & Size) | undefined> {
  if (isA('HTMLImageElement', input)) {
    await input.decode().catch((cause: unknown) => {
      throw new CaptionError('DECODE_FAILED', 'The image element shows no image.', { cause });
    });
    return { drawable: input, width: input.naturalWidth, height: input.naturalHeight };
  }
  if (isA('HTMLVideoElement', input)) {
    if (input.readyState < input.HAVE_CURRENT_DATA) {
      throw new CaptionError(
        'DECODE_FAILED',
        'The video element shows no picture yet: wait for its event "loadeddata".',
      );
    }
    return { drawable: input, width: input.videoWidth, height: input.videoHeight };
  }
  if (isA('VideoFrame', input)) {
    return { drawable: input, width: input.displayWidth, height: input.displayHeight };
  }
  if (
    isA('ImageBitmap', input) ||
    isA('HTMLCanvasElement', input) ||
    isA('OffscreenCanvas', input)
  ) {
    return { drawable: input, width: input.width, height: input.height };
  }
  return undefined;
}
