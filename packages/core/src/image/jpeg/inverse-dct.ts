/**
 * The inverse DCT (T.81, A.3.3) in one dimension, reduced along that axis or, for blocks that are reduced
 * along the other alone (the colour of a 4:1:1 file at 1/4), whole. Whole blocks go through `whole-block.ts`.
 *
 * Eight coefficients S(u) of a row or column stand for the eight samples
 *
 *     s(n) = Σ a(u) · S(u) · cos((2n + 1)·u·π/16),   a(0) = 1/√8, a(u) = 1/2
 *
 * To get a picture at half the size, each pair of samples is replaced by its mean. The mean of a pair
 * is again a sum of cosines: with cos α + cos β = 2·cos((α + β)/2)·cos((α − β)/2),
 *
 *     (s(2m) + s(2m + 1)) / 2 = Σ a(u)·cos(u·π/16) · S(u) · cos((2m + 1)·u·π/8)
 *
 * and since cos((2m + 1)·(8 − u)·π/8) = −cos((2m + 1)·u·π/8), the upper coefficients fold onto the
 * lower: S(7) onto S(1), S(6) onto S(2), S(5) onto S(3), while S(4) is gone. What is left is an inverse
 * DCT of 4 points over weighted sums of coefficients. Doing so again gives 2 points, and 1: the DC
 * term alone. So a block decoded at 1/2, 1/4 or 1/8 holds exactly the means of what the whole block
 * would hold, up to rounding and to the clamping of samples to 0–255. (An inverse DCT of N points over
 * the lowest N coefficients alone, as some decoders do it, is another thing: it leaves the aliases out.)
 *
 * Folding is linear, so the weights go into the quantiser's steps ({@link foldingOf}), together with
 * the factors that the fast transforms below leave out, and costs nothing.
 */

/** How many samples a block gives along an axis. */
export type Points = 1 | 2 | 4 | 8;

/** Where the eight coefficients along an axis go, and by what they are multiplied on the way. */
export interface Folding {
  /** For each u the coefficient of the reduced transform that it is added to; 0 with weight 0 for none. */
  readonly target: Uint8Array;
  readonly weight: Float64Array;
}

const cosine = (numerator: number, denominator: number) =>
  Math.cos((numerator * Math.PI) / denominator);

/** The folding for a transform of so many points, for use with the function of the same points below. */
export function foldingOf(points: Points): Folding {
  const target = new Uint8Array(8);
  const weight = new Float64Array(8);
  for (let u = 0; u < 8; u++) {
    const { to, by } = foldOne(u, points);
    const a = u === 0 ? Math.SQRT1_2 / 2 : 1 / 2;
    target[u] = to;
    weight[u] = a * by * factorOf(to, points);
  }
  return { target, weight };
}

/** Halves the number of samples until there are `points`, following one coefficient. */
function foldOne(u: number, points: Points): { to: number; by: number } {
  let to = u;
  let by = 1;
  for (let samples = 8; samples > points; samples /= 2) {
    by *= cosine(to, 2 * samples);
    const half = samples / 2;
    if (to === half) return { to: 0, by: 0 };
    if (to > half) {
      to = samples - to;
      by = -by;
    }
  }
  return { to, by };
}

/** Factors that the transforms below expect on their inputs, so that they save multiplications. */
function factorOf(u: number, points: Points): number {
  if (points === 8) return cosine(u, 16);
  if (points === 4) return u === 0 ? 1 : u === 2 ? Math.SQRT1_2 : cosine(1, 8);
  if (points === 2) return u === 0 ? 1 : Math.SQRT1_2;
  return 1;
}

/**
 * An inverse transform in one dimension, in its two places: down the columns of a block, in place; then
 * along a row, giving samples. The shift by which samples are moved before coding (A.3.1) is part of the
 * DC term by then.
 */
export interface InverseDct {
  /** Transforms values that lie `step` apart, from `at` on. */
  readonly column: (values: Float64Array, at: number, step: number) => void;
  /** Transforms neighbouring values from `at` on into neighbouring samples from `to` on. */
  readonly row: (values: Float64Array, at: number, samples: Samples, to: number) => void;
}

/**
 * Samples of one component. Where blocks are decoded whole they are rounded to 8 bits as T.81, A.3.4 has
 * it; means of samples keep their fractions.
 */
export type Samples = Uint8ClampedArray | Float32Array;

export const inverseDct: Readonly<Record<Points, InverseDct>> = {
  1: { column: () => {}, row: row1 },
  2: { column: column2, row: row2 },
  4: { column: column4, row: row4 },
  8: { column: column8, row: row8 },
};

// Each transform is written out twice, for columns and for rows: V8 makes the best of a function whose
// arrays always are of the same type, and these are where most time goes when blocks are decoded whole.

function row1(x: Float64Array, at: number, samples: Samples, to: number): void {
  samples[to] = x[at];
}

function column2(x: Float64Array, at: number, step: number): void {
  const even = x[at];
  const odd = x[at + step];
  x[at] = even + odd;
  x[at + step] = even - odd;
}

function row2(x: Float64Array, at: number, samples: Samples, to: number): void {
  const even = x[at];
  const odd = x[at + 1];
  samples[to] = even + odd;
  samples[to + 1] = even - odd;
}

const TAN_PI_8 = Math.SQRT2 - 1;

function column4(x: Float64Array, at: number, step: number): void {
  const i1 = at + step;
  const i2 = i1 + step;
  const i3 = i2 + step;
  const sum = x[at] + x[i2];
  const difference = x[at] - x[i2];
  const outer = x[i1] + TAN_PI_8 * x[i3];
  const inner = TAN_PI_8 * x[i1] - x[i3];
  x[at] = sum + outer;
  x[i1] = difference + inner;
  x[i2] = difference - inner;
  x[i3] = sum - outer;
}

function row4(x: Float64Array, at: number, samples: Samples, to: number): void {
  const sum = x[at] + x[at + 2];
  const difference = x[at] - x[at + 2];
  const outer = x[at + 1] + TAN_PI_8 * x[at + 3];
  const inner = TAN_PI_8 * x[at + 1] - x[at + 3];
  samples[to] = sum + outer;
  samples[to + 1] = difference + inner;
  samples[to + 2] = difference - inner;
  samples[to + 3] = sum - outer;
}

const SQRT2 = Math.SQRT2;
/** Of the rotation in the odd half below: 2·cos(π/8), and that less and plus 2·sin(π/8). */
const TWICE_COS = 2 * Math.cos(Math.PI / 8);
const COS_LESS_SIN = 2 * (Math.cos(Math.PI / 8) - Math.sin(Math.PI / 8));
const COS_PLUS_SIN = 2 * (Math.cos(Math.PI / 8) + Math.sin(Math.PI / 8));

/**
 * Eight points with five multiplications: Y. Arai, T. Agui, M. Nakajima, "A fast DCT-SQ scheme for
 * images", Transactions of the IEICE E71 (1988), run backwards. The even half is a transform of four
 * points, the odd half a butterfly and one rotation by π/8.
 */
function column8(x: Float64Array, at: number, step: number): void {
  const i1 = at + step;
  const i2 = i1 + step;
  const i3 = i2 + step;
  const i4 = i3 + step;
  const i5 = i4 + step;
  const i6 = i5 + step;
  const i7 = i6 + step;

  const sum04 = x[at] + x[i4];
  const difference04 = x[at] - x[i4];
  const sum26 = x[i2] + x[i6];
  const turned26 = (x[i2] - x[i6]) * SQRT2 - sum26;
  const even0 = sum04 + sum26;
  const even1 = difference04 + turned26;
  const even2 = difference04 - turned26;
  const even3 = sum04 - sum26;

  const sum53 = x[i5] + x[i3];
  const difference53 = x[i5] - x[i3];
  const sum17 = x[i1] + x[i7];
  const difference17 = x[i1] - x[i7];
  const turned = (difference53 + difference17) * TWICE_COS;
  const odd0 = sum17 + sum53;
  const odd1 = turned - difference53 * COS_PLUS_SIN - odd0;
  const odd2 = (sum17 - sum53) * SQRT2 - odd1;
  const odd3 = turned - difference17 * COS_LESS_SIN - odd2;

  x[at] = even0 + odd0;
  x[i1] = even1 + odd1;
  x[i2] = even2 + odd2;
  x[i3] = even3 + odd3;
  x[i4] = even3 - odd3;
  x[i5] = even2 - odd2;
  x[i6] = even1 - odd1;
  x[i7] = even0 - odd0;
}

function row8(x: Float64Array, at: number, samples: Samples, to: number): void {
  const x0 = x[at];
  const x1 = x[at + 1];
  const x2 = x[at + 2];
  const x3 = x[at + 3];
  const x4 = x[at + 4];
  const x5 = x[at + 5];
  const x6 = x[at + 6];
  const x7 = x[at + 7];

  const sum26 = x2 + x6;
  const turned26 = (x2 - x6) * SQRT2 - sum26;
  const even0 = x0 + x4 + sum26;
  const even1 = x0 - x4 + turned26;
  const even2 = x0 - x4 - turned26;
  const even3 = x0 + x4 - sum26;

  const sum53 = x5 + x3;
  const sum17 = x1 + x7;
  const turned = (x5 - x3 + x1 - x7) * TWICE_COS;
  const odd0 = sum17 + sum53;
  const odd1 = turned - (x5 - x3) * COS_PLUS_SIN - odd0;
  const odd2 = (sum17 - sum53) * SQRT2 - odd1;
  const odd3 = turned - (x1 - x7) * COS_LESS_SIN - odd2;

  samples[to] = even0 + odd0;
  samples[to + 1] = even1 + odd1;
  samples[to + 2] = even2 + odd2;
  samples[to + 3] = even3 + odd3;
  samples[to + 4] = even3 - odd3;
  samples[to + 5] = even2 - odd2;
  samples[to + 6] = even1 - odd1;
  samples[to + 7] = even0 - odd0;
}
