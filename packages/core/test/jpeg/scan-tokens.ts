import type { WrittenComponent } from './written-component.js';

/**
 * A piece of entropy-coded data before Huffman codes are chosen: a symbol of the DC or AC table of a
 * component of the scan, with `size` further bits; bits alone; or a restart marker.
 */
export type Token =
  | {
      readonly kind: 'dc' | 'ac';
      readonly part: number;
      readonly symbol: number;
      readonly value: number;
      readonly size: number;
    }
  | { readonly kind: 'bits'; readonly value: number; readonly size: number }
  | { readonly kind: 'restart' };

/** The bits that a value takes (T.81, table F.1), and those bits. */
function magnitude(value: number): { size: number; bits: number } {
  const size = 32 - Math.clz32(Math.abs(value));
  return { size, bits: value < 0 ? value + (1 << size) - 1 : value };
}

type Visit = (part: number, block: Int32Array) => void;

/** Goes through the blocks of a scan in the order of T.81, A.2, with restarts between intervals. */
function walk(
  parts: readonly WrittenComponent[],
  interval: number,
  restart: () => void,
  visit: Visit,
): void {
  const [first] = parts as [WrittenComponent];
  const single = parts.length === 1;
  const across = single ? first.blocksAcross : (first.blocks[0]?.length ?? 0) / first.h;
  const down = single ? first.blocksDown : first.blocks.length / first.v;
  for (let mcu = 0; mcu < across * down; mcu++) {
    if (interval > 0 && mcu > 0 && mcu % interval === 0) restart();
    const row = Math.floor(mcu / across);
    const column = mcu % across;
    parts.forEach(({ h, v, blocks }, part) => {
      for (let y = 0; y < (single ? 1 : v); y++) {
        for (let x = 0; x < (single ? 1 : h); x++) {
          const at = single ? { row, column } : { row: row * v + y, column: column * h + x };
          visit(part, blocks[at.row]?.[at.column] as Int32Array);
        }
      }
    });
  }
}

function dcToken(part: number, difference: number): Token {
  const { size, bits } = magnitude(difference);
  return { kind: 'dc', part, symbol: size, value: bits, size };
}

function acToken(part: number, run: number, value: number): Token {
  const { size, bits } = magnitude(value);
  return { kind: 'ac', part, symbol: (run << 4) | size, value: bits, size };
}

/** T.81, F.1.2: DC differences, then runs and values of AC coefficients. */
export function sequentialTokens(parts: readonly WrittenComponent[], interval: number): Token[] {
  const tokens: Token[] = [];
  const predictions = parts.map(() => 0);
  const restart = () => {
    predictions.fill(0);
    tokens.push({ kind: 'restart' });
  };
  walk(parts, interval, restart, (part, block) => {
    const dc = block[0] as number;
    tokens.push(dcToken(part, dc - (predictions[part] as number)));
    predictions[part] = dc;
    let run = 0;
    for (let k = 1; k < 64; k++) {
      const value = block[k] as number;
      if (value === 0) {
        run++;
        continue;
      }
      for (; run > 15; run -= 16) tokens.push(acToken(part, 15, 0));
      tokens.push(acToken(part, run, value));
      run = 0;
    }
    if (run > 0) tokens.push(acToken(part, 0, 0));
  });
  return tokens;
}

/** T.81, G.1.2.1: DC terms without their lowest bits. */
export function dcFirstTokens(
  parts: readonly WrittenComponent[],
  interval: number,
  low: number,
): Token[] {
  const tokens: Token[] = [];
  const predictions = parts.map(() => 0);
  const restart = () => {
    predictions.fill(0);
    tokens.push({ kind: 'restart' });
  };
  walk(parts, interval, restart, (part, block) => {
    const dc = (block[0] as number) >> low;
    tokens.push(dcToken(part, dc - (predictions[part] as number)));
    predictions[part] = dc;
  });
  return tokens;
}

/** T.81, G.1.2.1: one more bit of each DC term. */
export function dcRefineTokens(
  parts: readonly WrittenComponent[],
  interval: number,
  low: number,
): Token[] {
  const tokens: Token[] = [];
  walk(
    parts,
    interval,
    () => tokens.push({ kind: 'restart' }),
    (_, block) => tokens.push({ kind: 'bits', value: ((block[0] as number) >> low) & 1, size: 1 }),
  );
  return tokens;
}

/** A coefficient without its lowest bits: rounded towards 0 (T.81, G.1.2.2, "point transform"). */
function reduced(value: number, low: number): number {
  return value < 0 ? -(-value >> low) : value >> low;
}

/** Ends of bands, which are counted until something else must be written (EOBRUN). */
class BandEnds {
  #run = 0;
  /** Bits that refine coefficients of the blocks counted. */
  #corrections: number[] = [];
  readonly #tokens: Token[];

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  count(corrections: readonly number[] = []): void {
    this.#run++;
    this.#corrections.push(...corrections);
    if (this.#run === 0x7fff) this.flush();
  }

  flush(): void {
    if (this.#run > 0) {
      const size = 31 - Math.clz32(this.#run);
      const value = this.#run - (1 << size);
      this.#tokens.push({ kind: 'ac', part: 0, symbol: size << 4, value, size });
    }
    for (const value of this.#corrections) this.#tokens.push({ kind: 'bits', value, size: 1 });
    this.#run = 0;
    this.#corrections = [];
  }
}

/** T.81, G.1.2.2: a band of AC coefficients without their lowest bits. */
export function acFirstTokens(
  component: WrittenComponent,
  interval: number,
  from: number,
  to: number,
  low: number,
): Token[] {
  const tokens: Token[] = [];
  const ends = new BandEnds(tokens);
  const restart = () => {
    ends.flush();
    tokens.push({ kind: 'restart' });
  };
  walk([component], interval, restart, (_, block) => {
    let run = 0;
    for (let k = from; k <= to; k++) {
      const value = reduced(block[k] as number, low);
      if (value === 0) {
        run++;
        continue;
      }
      ends.flush();
      for (; run > 15; run -= 16) tokens.push(acToken(0, 15, 0));
      tokens.push(acToken(0, run, value));
      run = 0;
    }
    if (run > 0) ends.count();
  });
  ends.flush();
  return tokens;
}

/** T.81, G.1.2.3: one more bit of each coefficient of a band. */
export function acRefineTokens(
  component: WrittenComponent,
  interval: number,
  from: number,
  to: number,
  low: number,
): Token[] {
  const tokens: Token[] = [];
  const ends = new BandEnds(tokens);
  const restart = () => {
    ends.flush();
    tokens.push({ kind: 'restart' });
  };
  walk([component], interval, restart, (_, block) => {
    const levels = Array.from({ length: to + 1 }, (_, k) => Math.abs(block[k] as number) >> low);
    const lastFresh = levels.findLastIndex((level, k) => k >= from && level === 1);
    let run = 0;
    let corrections: number[] = [];
    const put = (token: Token) => {
      ends.flush();
      tokens.push(token);
      for (const value of corrections) tokens.push({ kind: 'bits', value, size: 1 });
      corrections = [];
    };
    for (let k = from; k <= to; k++) {
      const level = levels[k] as number;
      if (level === 0) {
        run++;
        continue;
      }
      for (; run > 15 && k <= lastFresh; run -= 16) put(acToken(0, 15, 0));
      if (level > 1) {
        corrections.push(level & 1);
        continue;
      }
      put(acToken(0, run, Math.sign(block[k] as number)));
      run = 0;
    }
    if (run > 0 || corrections.length > 0) ends.count(corrections);
  });
  ends.flush();
  return tokens;
}
