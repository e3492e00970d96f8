import { STANDARD_SPECS } from '../../src/image/jpeg/standard-huffman.js';
import { codingOf, type HuffmanCoding, optimalCoding } from './huffman-coding.js';
import {
  acFirstTokens,
  acRefineTokens,
  dcFirstTokens,
  dcRefineTokens,
  sequentialTokens,
  type Token,
} from './scan-tokens.js';
import type { WrittenComponent } from './written-component.js';

/** A scan to be written. */
export interface ScanPlan {
  /** Which components, counted from 0. */
  readonly components: readonly number[];
  readonly from?: number;
  readonly to?: number;
  readonly high?: number;
  readonly low?: number;
  readonly restartInterval?: number;
}

export interface WriterOptions {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly scans: readonly ScanPlan[];
  /** `standard` uses the tables of T.81 annex K.3, `absent` those too without defining them. */
  readonly huffman?: 'optimal' | 'standard' | 'absent';
  /** The start-of-frame marker; 0xC0 or 0xC2 by default. */
  readonly frameMarker?: number;
  readonly precision?: number;
  /** 16-bit quantisation tables even where 8 bits would do. */
  readonly wideQuant?: boolean;
  /** Leaves the height open in the frame header and gives it by DNL after the first scan. */
  readonly numberOfLines?: boolean;
  /** So many 0xFF before each marker. */
  readonly fillBytes?: number;
  readonly jfif?: boolean;
  readonly adobeTransform?: number;
  /** The bytes of an APP1 segment. */
  readonly exif?: Uint8Array;
  /** Segments (marker and parameters) to put before the frame header, and before each scan. */
  readonly extra?: readonly { readonly marker: number; readonly bytes: readonly number[] }[];
  readonly endMarker?: boolean;
}

/** Writes a JPEG file: whatever T.81 allows of Huffman-coded DCT files, common or not. */
export function writeJpeg(
  components: readonly WrittenComponent[],
  options: WriterOptions,
): Uint8Array {
  const out = new JpegBytes(options.fillBytes ?? 0);
  const { width, height, progressive } = options;
  out.marker(0xd8);
  if (options.jfif) out.segment(0xe0, [...text('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  if (options.exif) out.segment(0xe1, [...options.exif]);
  if (options.adobeTransform !== undefined) {
    out.segment(0xee, [...text('Adobe'), 0, 100, 0, 0, 0, 0, options.adobeTransform]);
  }
  for (const { marker, bytes } of options.extra ?? []) out.segment(marker, bytes);
  for (const [slot, steps] of new Map(components.map((c) => [c.quantSlot, c.quant]))) {
    const wide = options.wideQuant || steps.some((step) => step > 255);
    const bytes = wide ? steps.flatMap((step) => [step >> 8, step & 255]) : [...steps];
    out.segment(0xdb, [(wide ? 16 : 0) | slot, ...bytes]);
  }
  const lines = options.numberOfLines ? 0 : height;
  out.segment(options.frameMarker ?? (progressive ? 0xc2 : 0xc0), [
    options.precision ?? 8,
    ...uint16(lines),
    ...uint16(width),
    components.length,
    ...components.flatMap(({ id, h, v, quantSlot }) => [id, (h << 4) | v, quantSlot]),
  ]);

  let interval = 0;
  options.scans.forEach((scan, index) => {
    if ((scan.restartInterval ?? 0) !== interval) {
      interval = scan.restartInterval ?? 0;
      out.segment(0xdd, uint16(interval));
    }
    writeScan(out, components, scan, options);
    if (index === 0 && options.numberOfLines) out.segment(0xdc, uint16(height));
  });
  if (options.endMarker !== false) out.marker(0xd9);
  return out.finish();
}

function writeScan(
  out: JpegBytes,
  components: readonly WrittenComponent[],
  scan: ScanPlan,
  { progressive, huffman = 'optimal' }: WriterOptions,
): void {
  const parts = scan.components.map((index) => components[index] as WrittenComponent);
  const from = progressive ? (scan.from ?? 0) : 0;
  const to = progressive ? (scan.to ?? 0) : 63;
  const high = scan.high ?? 0;
  const low = scan.low ?? 0;
  const tokens = tokensOf(parts, progressive, { ...scan, from, to, high, low });

  // Luma, as the first of a scan, has tables 0; all other components share tables 1.
  const tables = new Map<string, HuffmanCoding>();
  for (const kind of ['dc', 'ac'] as const) {
    for (const slot of [0, 1] as const) {
      const frequencies = new Map<number, number>();
      for (const token of tokens) {
        if (token.kind !== kind || Math.min(1, token.part) !== slot) continue;
        frequencies.set(token.symbol, (frequencies.get(token.symbol) ?? 0) + 1);
      }
      if (frequencies.size === 0) continue;
      const standard = STANDARD_SPECS[kind][slot];
      const coding =
        huffman === 'optimal'
          ? optimalCoding(frequencies)
          : codingOf(standard.counts, standard.symbols);
      tables.set(`${kind}${slot}`, coding);
      if (huffman === 'absent') continue;
      const head = (kind === 'ac' ? 16 : 0) | slot;
      out.segment(0xc4, [head, ...coding.counts, ...coding.symbols]);
    }
  }
  out.segment(0xda, [
    parts.length,
    ...parts.flatMap(({ id }, part) => [id, Math.min(1, part) * 0x11]),
    from,
    to,
    (high << 4) | low,
  ]);

  const bits = new BitWriter(out);
  let restarts = 0;
  for (const token of tokens) {
    if (token.kind === 'restart') {
      bits.align();
      out.marker(0xd0 + (restarts++ & 7));
      continue;
    }
    if (token.kind !== 'bits') {
      const coding = tables.get(`${token.kind}${Math.min(1, token.part)}`);
      const code = coding?.codes.get(token.symbol);
      if (code === undefined) throw new Error(`no code for symbol ${token.symbol}`);
      bits.put(code.code, code.length);
    }
    bits.put(token.value, token.size);
  }
  bits.align();
}

function tokensOf(
  parts: readonly WrittenComponent[],
  progressive: boolean,
  scan: Required<Omit<ScanPlan, 'restartInterval'>> & Pick<ScanPlan, 'restartInterval'>,
): Token[] {
  const interval = scan.restartInterval ?? 0;
  if (!progressive) return sequentialTokens(parts, interval);
  const { from, to, high, low } = scan;
  if (from === 0) {
    return high === 0 ? dcFirstTokens(parts, interval, low) : dcRefineTokens(parts, interval, low);
  }
  const [part] = parts as [WrittenComponent];
  return high === 0
    ? acFirstTokens(part, interval, from, to, low)
    : acRefineTokens(part, interval, from, to, low);
}

/** The bytes of a file, marker by marker. */
class JpegBytes {
  readonly #bytes: number[] = [];
  readonly #fill: number;

  constructor(fill: number) {
    this.#fill = fill;
  }

  byte(value: number): void {
    this.#bytes.push(value);
  }

  marker(code: number): void {
    // Nothing may stand before SOI.
    if (this.#bytes.length > 0) for (let i = 0; i < this.#fill; i++) this.byte(0xff);
    this.byte(0xff);
    this.byte(code);
  }

  segment(code: number, parameters: readonly number[]): void {
    this.marker(code);
    for (const byte of uint16(parameters.length + 2)) this.byte(byte);
    for (const byte of parameters) this.byte(byte);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Entropy-coded data: bits from the highest on, with zeros stuffed after 0xFF (T.81, F.1.2.3). */
class BitWriter {
  readonly #out: JpegBytes;
  #held = 0;
  #count = 0;

  constructor(out: JpegBytes) {
    this.#out = out;
  }

  put(value: number, size: number): void {
    for (let i = size - 1; i >= 0; i--) {
      this.#held = (this.#held << 1) | ((value >> i) & 1);
      if (++this.#count < 8) continue;
      this.#out.byte(this.#held);
      if (this.#held === 0xff) this.#out.byte(0);
      this.#held = 0;
      this.#count = 0;
    }
  }

  align(): void {
    if (this.#count > 0) this.put(0xff, 8 - this.#count);
  }
}

function uint16(value: number): number[] {
  return [value >> 8, value & 255];
}

function text(letters: string): number[] {
  return [...letters].map((letter) => letter.charCodeAt(0));
}
