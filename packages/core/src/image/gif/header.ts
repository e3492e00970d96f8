import { CaptionError } from '../../errors.js';
import type { ImageHeader } from '../types.js';

/** The first picture of a GIF and what is needed to draw it (GIF89a sections 18–23). */
export interface GifFrame {
  /** The whole canvas: the logical screen, or more where the frame reaches beyond it. */
  readonly width: number;
  readonly height: number;
  readonly frame: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  readonly interlaced: boolean;
  /** R, G, B a colour; undefined where the file brings no table, local or global. */
  readonly palette: Uint8Array | undefined;
  /** Index of the colour that stays transparent. */
  readonly transparent: number | undefined;
  /** Where the LZW data start: the byte with the minimum code size. */
  readonly dataAt: number;
}

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const GRAPHIC_CONTROL = 0xf9;

/**
 * Size of a GIF's canvas, no pixel decoded.
 *
 * @throws CaptionError `DECODE_FAILED` when there is no picture in it
 */
export function readGifHeader(bytes: Uint8Array): ImageHeader {
  const { width, height } = readFirstFrame(bytes);
  return { format: 'gif', width, height, orientation: 1 };
}

/** @throws CaptionError as {@link readGifHeader} */
export function readFirstFrame(bytes: Uint8Array): GifFrame {
  if (bytes.length < 13) throw notDecodable('it ends within its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const screen = { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  const globalPalette = paletteAt(bytes, 13, view.getUint8(10));
  let at = 13 + (globalPalette?.length ?? 0);
  let transparent: number | undefined;

  while (at < bytes.length) {
    const block = bytes[at];
    if (block === EXTENSION) {
      if (bytes[at + 1] === GRAPHIC_CONTROL && at + 6 < bytes.length) {
        const hasTransparency = (view.getUint8(at + 3) & 1) === 1;
        transparent = hasTransparency ? view.getUint8(at + 6) : undefined;
      }
      at = afterSubBlocks(bytes, at + 2);
    } else if (block === IMAGE) {
      if (at + 10 >= bytes.length) break;
      const frame = {
        left: view.getUint16(at + 1, true),
        top: view.getUint16(at + 3, true),
        width: view.getUint16(at + 5, true),
        height: view.getUint16(at + 7, true),
      };
      if (frame.width === 0 || frame.height === 0) throw notDecodable('its picture has no pixels');
      const flags = view.getUint8(at + 9);
      const localPalette = paletteAt(bytes, at + 10, flags);
      return {
        // Files exist whose logical screen is 0×0 or smaller than the picture; browsers show all.
        width: Math.max(screen.width, frame.left + frame.width),
        height: Math.max(screen.height, frame.top + frame.height),
        frame,
        interlaced: (flags & 0x40) !== 0,
        palette: localPalette ?? globalPalette,
        transparent,
        dataAt: at + 10 + (localPalette?.length ?? 0),
      };
    } else {
      break;
    }
  }
  throw notDecodable('no picture follows its header');
}

export function notDecodable(why: string): CaptionError {
  return new CaptionError(
    'DECODE_FAILED',
    `This GIF cannot be decoded: ${why}. Check that the file is complete, or save it again.`,
  );
}

function paletteAt(bytes: Uint8Array, at: number, flags: number): Uint8Array | undefined {
  if ((flags & 0x80) === 0) return undefined;
  return bytes.subarray(at, at + 3 * (2 << (flags & 7)));
}

/** Past a chain of sub-blocks: each a length and that many bytes, the last of length 0. */
function afterSubBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const length = bytes[at];
    at += 1 + length;
    if (length === 0) break;
  }
  return at;
}
