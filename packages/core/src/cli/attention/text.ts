import { blend, type Canvas } from './canvas.js';
import type { Rgb } from './colormap.js';
import { type Cluster, clusters, MARKS } from './glyphs.js';
import { type Segment, segments } from './strokes.js';

export interface TextStyle {
  /** Pixels an em. */
  readonly size: number;
  readonly colour: Rgb;
  /** Stroke width in thousandths of an em: 78 is regular, 110 bold. */
  readonly weight: number;
}

/** How far marks are raised over a capital. */
const CAPITAL_RAISE = 190;

/** Width of a text in pixels. */
export function textWidth(text: string, { size }: Pick<TextStyle, 'size'>): number {
  const units = clusters(text).reduce((sum, { glyph }) => sum + glyph.advance, 0);
  return (units * size) / 1000;
}

/** Draws a line of text; `x` is its left end, `y` its baseline, in pixels, fractions allowed. */
export function drawText(
  canvas: Canvas,
  text: string,
  x: number,
  y: number,
  style: TextStyle,
): void {
  const scale = style.size / 1000;
  let pen = x;
  for (const cluster of clusters(text)) {
    drawStrokes(canvas, outline(cluster), pen, y, scale, style);
    pen += cluster.glyph.advance * scale;
  }
}

function outline({ glyph, marks, isCapital }: Cluster): Segment[] {
  const letter = segments(glyph.strokes);
  const dotless = marks.some((mark) => MARKS[mark]?.above) && !isCapital;
  // An i under an accent has no dot.
  const base = dotless ? letter.filter(({ weight }) => weight === 1) : letter;
  const placed = marks.flatMap((mark) => {
    const { strokes, above } = MARKS[mark] ?? { strokes: '', above: false };
    const raise = above && isCapital ? CAPITAL_RAISE : 0;
    const middle = glyph.advance / 2;
    return segments(strokes).map((piece) => ({
      ...piece,
      x1: piece.x1 + middle,
      x2: piece.x2 + middle,
      y1: piece.y1 + raise,
      y2: piece.y2 + raise,
    }));
  });
  return [...base, ...placed];
}

/**
 * Each pixel is covered as far as its centre lies inside the nearest stroke, with a ramp one pixel
 * wide: antialiasing by distance. Pieces of one letter share their coverage, so that joints are not
 * drawn twice.
 */
function drawStrokes(
  canvas: Canvas,
  pieces: readonly Segment[],
  x: number,
  y: number,
  scale: number,
  { colour, weight }: TextStyle,
): void {
  if (pieces.length === 0) return;
  const radius = (weight * scale) / 2;
  const inPixels = pieces.map((piece) => ({
    x1: x + piece.x1 * scale,
    y1: y - piece.y1 * scale,
    x2: x + piece.x2 * scale,
    y2: y - piece.y2 * scale,
    radius: radius * piece.weight,
  }));
  const reach = radius * 1.3 + 1;
  const left = Math.floor(Math.min(...inPixels.map((p) => Math.min(p.x1, p.x2))) - reach);
  const right = Math.ceil(Math.max(...inPixels.map((p) => Math.max(p.x1, p.x2))) + reach);
  const top = Math.floor(Math.min(...inPixels.map((p) => Math.min(p.y1, p.y2))) - reach);
  const bottom = Math.ceil(Math.max(...inPixels.map((p) => Math.max(p.y1, p.y2))) + reach);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      let coverage = 0;
      for (const piece of inPixels) {
        const inside = piece.radius + 0.5 - distance(column + 0.5, row + 0.5, piece);
        if (inside > coverage) coverage = inside;
        if (coverage >= 1) break;
      }
      if (coverage > 0) blend(canvas, column, row, colour, Math.min(1, coverage));
    }
  }
}

function distance(x: number, y: number, { x1, y1, x2, y2 }: Omit<Segment, 'weight'>): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : ((x - x1) * dx + (y - y1) * dy) / length2;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x1 - t * dx, y - y1 - t * dy);
}

/**
 * The text broken into as few lines as fit into `width`, of lengths as even as can be; a word that
 * is too long for a line is cut.
 */
export function wrapText(text: string, width: number, style: Pick<TextStyle, 'size'>): string[] {
  const fewest = linesWithin(text, width, style).length;
  let [tooNarrow, enough] = [0, width];
  while (enough - tooNarrow > 1) {
    const middle = (tooNarrow + enough) / 2;
    if (linesWithin(text, middle, style).length > fewest) tooNarrow = middle;
    else enough = middle;
  }
  return linesWithin(text, enough, style).map((line) => shortened(line, width, style));
}

function linesWithin(text: string, width: number, style: Pick<TextStyle, 'size'>): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, style) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** The text, or as much of it as fits with "..." after it. */
export function shortened(text: string, width: number, style: Pick<TextStyle, 'size'>): string {
  if (textWidth(text, style) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && textWidth(`${characters.join('')}...`, style) > width) {
    characters.pop();
  }
  return `${characters.join('').trimEnd()}...`;
}
