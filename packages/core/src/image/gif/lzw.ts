/** Codes are at most 12 bits long (GIF89a, appendix F). */
const MAX_CODES = 4096;
/**
 * Colours have 8 bits, but programs exist that begin with longer codes. With 12 there would be no room for
 * the two codes that clear and end.
 */
const MAX_MINIMUM = 11;
/** Decoded indices that are handed over at once. */
const BLOCK = 32_768;

/**
 * The colour indices of a GIF picture (GIF89a, appendix F: LZW with growing codes), in blocks: views
 * of a buffer that the next one overwrites. A stream that is damaged or cut short just ends.
 *
 * Ours, and not omggif's: that one trusts every length it reads, takes the whole frame at once and
 * writes to the console when a stream is too long or too short.
 *
 * @param at where the minimum code size stands; sub-blocks follow it
 */
export function* lzwIndices(bytes: Uint8Array, at: number): Generator<Uint8Array, void, void> {
  const minimum = bytes[at] ?? 0;
  if (minimum < 1 || minimum > MAX_MINIMUM) return;
  const clear = 1 << minimum;
  const end = clear + 1;

  // A code stands for the string of its prefix and one more index.
  const prefix = new Uint16Array(MAX_CODES);
  const suffix = new Uint8Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES);
  for (let i = 0; i < clear; i++) {
    suffix[i] = i;
    lengths[i] = 1;
  }
  const output = new Uint8Array(BLOCK + MAX_CODES);
  let outAt = 0;

  let width = minimum + 1;
  let next = end + 1;
  let previous = -1;
  let first = 0;
  let hold = 0;
  let bits = 0;
  let blockLeft = 0;
  let from = at + 1;

  while (true) {
    while (bits < width) {
      if (blockLeft === 0) {
        blockLeft = bytes[from++] ?? 0;
        if (blockLeft === 0) break;
      }
      if (from >= bytes.length) break;
      hold |= bytes[from++] << bits;
      blockLeft--;
      bits += 8;
    }
    if (bits < width) break;
    const code = hold & ((1 << width) - 1);
    hold >>= width;
    bits -= width;

    if (code === clear) {
      width = minimum + 1;
      next = end + 1;
      previous = -1;
      continue;
    }
    // The one code that may be used before it is complete is the one being made.
    const isNew = code === next && previous >= 0;
    if (code === end || (code > end && code >= next && !isNew)) break;
    if (previous < 0 && code > clear) break;

    const known = isNew ? previous : code;
    const length = lengths[known];
    let to = outAt + length;
    for (let chase = known; to > outAt; chase = prefix[chase]) {
      output[--to] = suffix[chase];
    }
    first = output[outAt];
    outAt += length;
    if (isNew) output[outAt++] = first;

    if (previous >= 0 && next < MAX_CODES) {
      prefix[next] = previous;
      suffix[next] = first;
      lengths[next] = lengths[previous] + 1;
      next++;
      if (next === 1 << width && width < 12) width++;
    }
    previous = code;

    if (outAt >= BLOCK) {
      yield output.subarray(0, outAt);
      outAt = 0;
    }
  }
  if (outAt > 0) yield output.subarray(0, outAt);
}
