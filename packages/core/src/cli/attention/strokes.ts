/** A straight piece of a stroke. A dot is a piece of no length. */
export interface Segment {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  /** Width relative to the typeface's stroke. */
  readonly weight: number;
}

/** Pieces that a curve is made of: at the sizes text is drawn in, no corner is to be seen. */
const CURVE_PIECES = 14;
/** A dot has to be larger than a stroke is wide, or it looks smaller. */
const DOT_WEIGHT = 1.3;

/** Strokes in the language of `glyphs.ts` to straight pieces, in the same units. */
export function segments(strokes: string): Segment[] {
  const result: Segment[] = [];
  let x = 0;
  let y = 0;
  let drawing = false;
  const lineTo = (toX: number, toY: number) => {
    result.push({ x1: x, y1: y, x2: toX, y2: toY, weight: 1 });
    [x, y] = [toX, toY];
  };
  const moveTo = (toX: number, toY: number) => {
    [x, y] = [toX, toY];
    drawing = true;
  };

  for (const [, command = '', list = ''] of strokes.matchAll(/([A-Z])([^A-Z]*)/g)) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = list.trim().split(/\s+/).map(Number);
    if (command === 'M') moveTo(a, b);
    else if (command === 'L') lineTo(a, b);
    else if (command === 'D') {
      result.push({ x1: a, y1: b, x2: a, y2: b, weight: DOT_WEIGHT });
      drawing = false;
    } else if (command === 'C') {
      const [fromX, fromY] = [x, y];
      for (let piece = 1; piece <= CURVE_PIECES; piece++) {
        const t = piece / CURVE_PIECES;
        lineTo(bezier(t, fromX, a, c, e), bezier(t, fromY, b, d, f));
      }
    } else if (command === 'O' || command === 'A') {
      const from = command === 'O' ? 0 : e;
      const to = command === 'O' ? 360 : f;
      const pieces = Math.ceil((Math.abs(to - from) / 90) * CURVE_PIECES);
      for (let piece = 0; piece <= pieces; piece++) {
        const angle = ((from + ((to - from) * piece) / pieces) * Math.PI) / 180;
        const [toX, toY] = [a + c * Math.cos(angle), b + d * Math.sin(angle)];
        if (piece === 0 && (command === 'O' || !drawing)) moveTo(toX, toY);
        else lineTo(toX, toY);
      }
      if (command === 'O') drawing = false;
    }
  }
  return result;
}

function bezier(t: number, p0: number, p1: number, p2: number, p3: number): number {
  const s = 1 - t;
  return s ** 3 * p0 + 3 * s * s * t * p1 + 3 * s * t * t * p2 + t ** 3 * p3;
}
