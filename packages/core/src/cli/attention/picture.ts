import { resize } from '../../image/resize.js';
import type { RgbImage } from '../../image/types.js';
import type { WordAttention } from '../../index.js';
import { type Canvas, drawImage, newCanvas } from './canvas.js';
import { inferno, type Rgb } from './colormap.js';
import { heatOf } from './heat.js';
import { CONTENT_WIDTH, cellLeft, gridOf, headSize, PICTURE_WIDTH } from './layout.js';
import { overlay } from './overlay.js';
import { drawText, shortened, type TextStyle, textWidth, wrapText } from './text.js';

/** The content of a drawing: the upright photo and its caption. */
export interface AttentionDrawing {
  readonly photo: RgbImage;
  readonly caption: string;
  /** A line of facts under the caption. */
  readonly facts: string;
  readonly words: readonly WordAttention[];
}

const PAPER: Rgb = [250, 250, 247];
const INK: Rgb = [24, 24, 30];
const FADED: Rgb = [104, 104, 112];

const CAPTION: TextStyle = { size: 42, weight: 102, colour: INK };
const FACTS: TextStyle = { size: 20, weight: 82, colour: FADED };
const WORD: TextStyle = { size: 27, weight: 88, colour: INK };
const LEGEND: TextStyle = { size: 18, weight: 82, colour: FADED };

const TOP = 48;
const CAPTION_LINE = 54;
const WORD_LINE = 66;
const LEGEND_HEIGHT = 66;

/**
 * One picture: the photo, the caption under it, then for each word the photo again with the word's
 * attention glowing on it and the word below.
 */
export function drawPicture({ photo, caption, facts, words }: AttentionDrawing): RgbImage {
  const head = resize(photo, headSize(photo), 'bicubic');
  const lines = wrapText(caption, CONTENT_WIDTH, CAPTION);
  const grid = gridOf(words.length, photo);
  const gridTop = TOP + head.height + 30 + lines.length * CAPTION_LINE + 64;
  const rowHeight = grid.tile.height + WORD_LINE;
  const height = gridTop + grid.rows * rowHeight + LEGEND_HEIGHT;

  const canvas = newCanvas({ width: PICTURE_WIDTH, height }, PAPER);
  drawImage(canvas, head, Math.round((PICTURE_WIDTH - head.width) / 2), TOP, 14);
  let baseline = TOP + head.height + 30 + CAPTION.size;
  for (const line of lines) {
    centred(canvas, line, PICTURE_WIDTH / 2, baseline, CAPTION);
    baseline += CAPTION_LINE;
  }
  centred(canvas, shortened(facts, CONTENT_WIDTH, FACTS), PICTURE_WIDTH / 2, baseline - 14, FACTS);

  const small = resize(photo, grid.tile, 'bicubic');
  for (const [index, word] of words.entries()) {
    const left = cellLeft(index, words.length, grid);
    const top = gridTop + Math.floor(index / grid.columns) * rowHeight;
    const tile = overlay(small, heatOf(word, small));
    const inset = Math.round((grid.cellWidth - grid.tile.width) / 2);
    drawImage(canvas, tile, left + inset, top, 8);
    const label = shortened(word.word.trim(), grid.cellWidth - 8, WORD);
    centred(canvas, label, left + grid.cellWidth / 2, top + grid.tile.height + 34, WORD);
  }
  if (words.length > 0) drawLegend(canvas, height - LEGEND_HEIGHT + 12);
  return canvas;
}

function centred(
  canvas: Canvas,
  text: string,
  x: number,
  baseline: number,
  style: TextStyle,
): void {
  drawText(canvas, text, Math.round(x - textWidth(text, style) / 2), baseline, style);
}

const SCALE = { width: 240, height: 12 };

/** What the colours mean. */
function drawLegend(canvas: Canvas, top: number): void {
  const [less, more] = ['looked away', 'looked here'];
  const gap = 14;
  const width = textWidth(less, LEGEND) + textWidth(more, LEGEND) + SCALE.width + 2 * gap;
  const left = Math.round((PICTURE_WIDTH - width) / 2);
  const scaleLeft = Math.round(left + textWidth(less, LEGEND) + gap);
  drawText(canvas, less, left, top + 13, LEGEND);
  drawText(canvas, more, scaleLeft + SCALE.width + gap, top + 13, LEGEND);
  const data = new Uint8Array(3 * SCALE.width * SCALE.height);
  for (let y = 0; y < SCALE.height; y++) {
    for (let x = 0; x < SCALE.width; x++) {
      data.set(inferno(x / (SCALE.width - 1)).map(Math.round), 3 * (y * SCALE.width + x));
    }
  }
  drawImage(canvas, { ...SCALE, data }, scaleLeft, top + 1, SCALE.height / 2);
}
