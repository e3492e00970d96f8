import { CaptionError } from '../../errors.js';
import { endOf, isStartOfFrame, Marker, readUint16, type Segment } from './markers.js';

/** One of the planes that a picture is made of: luma, a colour difference, an ink (T.81, A.1.1). */
export interface Component {
  /** Its identifier in the file, by which scans name it. */
  readonly id: number;
  /** Sampling factors, 1 to 4, relative to the largest ones of the frame. */
  readonly h: number;
  readonly v: number;
  /** Which quantisation table it uses, 0 to 3. */
  readonly quantTable: number;
  /** Its samples across and down, edges of the last block not counted (A.1.1). */
  readonly width: number;
  readonly height: number;
  /** Its 8×8 blocks across and down (A.2.2): what a scan of this component alone codes. */
  readonly blocksAcross: number;
  readonly blocksDown: number;
}

/** What a start-of-frame segment says (T.81, B.2.2), with the geometry that follows from it. */
export interface Frame {
  readonly progressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
  readonly hMax: number;
  readonly vMax: number;
  /** Minimum coded units across and down, in a scan of several components (A.2.3). */
  readonly mcusAcross: number;
  readonly mcusDown: number;
}

/** What comes before a component's list in a start-of-frame segment. */
const FIXED_BYTES = 6;
const COMPONENT_BYTES = 3;

/** Codings of T.81 (table B.1) and T.87 that are refused, by the name that a user may search for. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [0xc3, 'lossless'],
  [0xc5, 'hierarchical (differential sequential)'],
  [0xc6, 'hierarchical (differential progressive)'],
  [0xc7, 'hierarchical (differential lossless)'],
  [0xc9, 'arithmetic-coded'],
  [0xca, 'arithmetic-coded progressive'],
  [0xcb, 'arithmetic-coded lossless'],
  [0xcd, 'arithmetic-coded hierarchical'],
  [0xce, 'arithmetic-coded hierarchical'],
  [0xcf, 'arithmetic-coded hierarchical'],
  [Marker.DHP, 'hierarchical'],
  [Marker.SOF55, 'JPEG-LS'],
]);

/** Whether a marker says of what coding the file is, be it one that is read here or refused. */
export function namesCoding(marker: number): boolean {
  return isStartOfFrame(marker) || REFUSED.has(marker);
}

/**
 * Reads a start-of-frame segment.
 *
 * @param lines finds the height, from the end of the components on, if the segment leaves it open with 0
 * (B.2.5, see DNL); 0 if it is not to be found
 * @throws CaptionError `UNSUPPORTED_FORMAT` for codings that are not read, `DECODE_FAILED` for a
 * segment that makes no sense
 */
export function readFrame(
  bytes: Uint8Array,
  segment: Segment,
  lines: (from: number) => number,
): Frame {
  const { marker, start } = segment;
  const refused = REFUSED.get(marker);
  if (refused !== undefined) throw unsupported(`is ${refused}`);

  const precision = bytes[start] ?? 0;
  const count = bytes[start + 5] ?? 0;
  if (start + FIXED_BYTES + count * COMPONENT_BYTES > bytes.length || count === 0) {
    throw new CaptionError(
      'DECODE_FAILED',
      "The JPEG's frame header is cut short; the file is damaged.",
    );
  }
  if (precision !== 8) throw unsupported(`has ${precision} bits a sample`);
  if (count !== 1 && count !== 3 && count !== 4) {
    throw unsupported(`has ${count} colour components`);
  }

  const width = readUint16(bytes, start + 3);
  if (width === 0) {
    throw new CaptionError(
      'DECODE_FAILED',
      "The JPEG's frame header says that it is 0 pixels wide; the file is damaged.",
    );
  }
  const declared = readUint16(bytes, start + 1);
  const height = declared || lines(start + FIXED_BYTES + count * COMPONENT_BYTES);
  if (height === 0) {
    throw new CaptionError(
      'DECODE_FAILED',
      'The JPEG header leaves the height open, and no marker after the first scan gives it; it is cut off or damaged.',
    );
  }
  return frameOf(marker === Marker.SOF2, width, height, readComponents(bytes, start, count));
}

/** Where a start-of-frame segment ends, by its number of components if its length is wrong. */
export function endOfFrameHeader(bytes: Uint8Array, segment: Segment, frame: Frame): number {
  const content = FIXED_BYTES + frame.components.length * COMPONENT_BYTES;
  return endOf(bytes, segment, segment.start + content);
}

interface Sampling {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly quantTable: number;
}

function readComponents(bytes: Uint8Array, start: number, count: number): Sampling[] {
  const components: Sampling[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + FIXED_BYTES + i * COMPONENT_BYTES;
    const factors = bytes[at + 1];
    const component: Sampling = {
      id: bytes[at],
      h: factors >> 4,
      v: factors & 15,
      quantTable: bytes[at + 2],
    };
    const { h, v, quantTable } = component;
    if (h < 1 || h > 4 || v < 1 || v > 4 || quantTable > 3) {
      throw new CaptionError(
        'DECODE_FAILED',
        `The JPEG's frame header gives component ${i + 1} sampling factors ${h}×${v} and quantisation table ${quantTable}, outside 1–4 and 0–3; the file is damaged.`,
      );
    }
    components.push(component);
  }
  return components;
}

/** Sizes of components, blocks and MCUs, by the formulas of T.81, A.1.1, A.2.2 and A.2.3. */
function frameOf(
  progressive: boolean,
  width: number,
  height: number,
  samplings: readonly Sampling[],
): Frame {
  const hMax = Math.max(...samplings.map(({ h }) => h));
  const vMax = Math.max(...samplings.map(({ v }) => v));
  const components = samplings.map((sampling) => {
    const across = Math.ceil((width * sampling.h) / hMax);
    const down = Math.ceil((height * sampling.v) / vMax);
    return {
      ...sampling,
      width: across,
      height: down,
      blocksAcross: Math.ceil(across / 8),
      blocksDown: Math.ceil(down / 8),
    };
  });
  return {
    progressive,
    width,
    height,
    components,
    hMax,
    vMax,
    mcusAcross: Math.ceil(width / (8 * hMax)),
    mcusDown: Math.ceil(height / (8 * vMax)),
  };
}

function unsupported(what: string): CaptionError {
  return new CaptionError(
    'UNSUPPORTED_FORMAT',
    `This JPEG ${what}; only Huffman-coded baseline, extended and progressive files with 8 bits a sample in 1, 3 or 4 components are read. Save it as an ordinary JPEG and try again.`,
  );
}
