import type { RgbImage, Size } from '../../image/types.js';
import type { Rgb } from './colormap.js';

/** A picture in the making: opaque RGB, rows top down, drawn into in place. */
export interface Canvas extends Size {
  readonly data: Uint8Array;
}

export function newCanvas(size: Size, colour: Rgb): Canvas {
  const canvas = { ...size, data: new Uint8Array(3 * size.width * size.height) };
  fillRect(canvas, { x: 0, y: 0, ...size }, colour);
  return canvas;
}

export interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

export function fillRect(canvas: Canvas, rect: Rect, colour: Rgb): void {
  for (let y = rect.y; y < rect.y + rect.height; y++) {
    for (let x = rect.x; x < rect.x + rect.width; x++) blend(canvas, x, y, colour, 1);
  }
}

/** Lays a colour on one pixel, `alpha` 0–1; outside of the canvas nothing happens. */
export function blend(canvas: Canvas, x: number, y: number, colour: Rgb, alpha: number): void {
  if (x < 0 || y < 0 || x >= canvas.width || y >= canvas.height) return;
  const at = 3 * (y * canvas.width + x);
  for (const [channel, value] of colour.entries()) {
    const before = canvas.data[at + channel] ?? 0;
    canvas.data[at + channel] = Math.round(before + (value - before) * alpha);
  }
}

/** Draws an image with round corners, its top left corner at `x`, `y`. */
export function drawImage(canvas: Canvas, image: RgbImage, x: number, y: number, corner = 0): void {
  for (let row = 0; row < image.height; row++) {
    for (let column = 0; column < image.width; column++) {
      const alpha = roundCorner(column, row, image, corner);
      if (alpha === 0) continue;
      const at = 3 * (row * image.width + column);
      const { data } = image;
      const colour: Rgb = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
      blend(canvas, x + column, y + row, colour, alpha);
    }
  }
}

/** How much of a pixel lies inside a rectangle with round corners. */
function roundCorner(x: number, y: number, { width, height }: Size, radius: number): number {
  const dx = Math.max(0, radius - (x + 0.5), x + 0.5 - (width - radius));
  const dy = Math.max(0, radius - (y + 0.5), y + 0.5 - (height - radius));
  if (dx === 0 || dy === 0) return 1;
  return Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(dx, dy)));
}
