import type { RgbImage } from '../../image/types.js';
import { inferno } from './colormap.js';
import type { Heat } from './heat.js';

/** The share of colour and brightness that remains where attention is 0. */
export const UNDERLAY = { saturation: 0.3, brightness: 0.58 } as const;

/**
 * How opaque the heat is: nothing where it is cold, and never so much that what was looked at can
 * no longer be seen.
 */
export function opacity(heat: number): number {
  return 0.7 * Math.min(1, heat);
}

/**
 * The photo, dimmed, with the heat glowing on it.
 *
 * @param photo of the heat's size
 */
export function overlay(photo: RgbImage, heat: Heat): RgbImage {
  const data = new Uint8Array(photo.data.length);
  for (let pixel = 0; pixel < heat.values.length; pixel++) {
    const at = 3 * pixel;
    const red = photo.data[at] ?? 0;
    const green = photo.data[at + 1] ?? 0;
    const blue = photo.data[at + 2] ?? 0;
    const grey = 0.2126 * red + 0.7152 * green + 0.0722 * blue; // Rec. 709 luma
    const value = heat.values[pixel] ?? 0;
    const alpha = opacity(value);
    const glow = inferno(value);
    const under = (channel: number) =>
      UNDERLAY.brightness * (grey + (channel - grey) * UNDERLAY.saturation);
    data[at] = under(red) * (1 - alpha) + glow[0] * alpha;
    data[at + 1] = under(green) * (1 - alpha) + glow[1] * alpha;
    data[at + 2] = under(blue) * (1 - alpha) + glow[2] * alpha;
  }
  return { data, width: photo.width, height: photo.height };
}
