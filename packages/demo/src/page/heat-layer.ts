import type { WordMap } from '../caption.js';
import { heatPixels } from './heat-map.js';

/** Sides of the overlay's own picture; the browser enlarges it to the photo's size. */
const LONG_SIDE = 160;
const FADE = 180;

/** The overlay over the photo; a change of word glides from one map to the other. */
export class HeatLayer {
  readonly #canvas: HTMLCanvasElement;
  #shown: WordMap | undefined;
  #frame = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  /** @param aspect the photo's width / height */
  show(map: WordMap, aspect: number): void {
    cancelAnimationFrame(this.#frame);
    // A photo may be thinner than a pixel at this scale.
    this.#canvas.width = Math.ceil(aspect >= 1 ? LONG_SIDE : LONG_SIDE * aspect);
    this.#canvas.height = Math.ceil(aspect >= 1 ? LONG_SIDE / aspect : LONG_SIDE);
    const before = this.#canvas.classList.contains('shown') ? this.#shown : undefined;
    this.#canvas.classList.add('shown');
    this.#shown = map;
    if (!before || before.values.length !== map.values.length || prefersStillness()) {
      this.#draw(map);
      return;
    }
    const start = performance.now();
    const step = (now: number) => {
      const done = Math.min(1, Math.max(0, (now - start) / FADE));
      const eased = 1 - (1 - done) ** 3;
      this.#draw({ ...map, values: Array.from(map.values, (v, i) => mix(before, i, v, eased)) });
      if (done < 1) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  hide(): void {
    cancelAnimationFrame(this.#frame);
    this.#canvas.classList.remove('shown');
  }

  #draw(map: WordMap): void {
    const { width, height } = this.#canvas;
    const pixels = new ImageData(heatPixels(map, width, height), width, height);
    this.#canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  }
}

function mix(before: WordMap, index: number, to: number, share: number): number {
  const from = before.values[index] ?? 0;
  return from + (to - from) * share;
}

function prefersStillness(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
