import type { EntropyWindow } from './entropy-window.js';
import type { Frame } from './frame.js';
import { findMarker, isMarkerAt, isRestart, Marker, readUint16 } from './markers.js';
import type { ScanHeader } from './scan-header.js';

/** One of the ways in which a scan codes its blocks. */
export interface ScanDecoder {
  /** Forgets what was predicted from earlier blocks: at the start of a scan and after a restart marker. */
  restart(): void;
  /**
   * Decodes MCUs, counted over the whole scan, from one up to another.
   *
   * @returns the MCU that it reached: less than `to` if the data stopped making sense there, and nothing
   * more can be read before the next restart marker
   */
  decode(from: number, to: number): number;
}

/** How a scan went. */
export interface ScanOutcome {
  /** MCUs that the scan should have, and those that were decoded. */
  readonly total: number;
  readonly decoded: number;
  /** Bytes of data were left over after the last MCU: a sign of damage. */
  readonly leftovers: boolean;
  /** Where in the file the scan's data ends. */
  readonly end: number;
}

/**
 * How far ahead a restart marker's number may be for the intervals between to count as lost: on its own
 * word after damage, and if the marker after it goes on from there. Numbers return after eight, so one
 * that is further ahead is rather one from before the damage.
 */
const BELIEVED_LOSS = 2;
const CONFIRMED_LOSS = 5;

/**
 * Goes through a scan, restart interval by restart interval. After damage it goes on at the next restart
 * marker, whose number tells how many intervals were lost.
 */
export function walkScan(
  bytes: Uint8Array,
  window: EntropyWindow,
  frame: Frame,
  header: ScanHeader,
  restartInterval: number,
  decoder: ScanDecoder,
): ScanOutcome {
  const total = mcusOf(frame, header);
  const interval = restartInterval || total;

  let mcu = 0;
  let decoded = 0;
  let leftovers = false;
  for (let segmentAt = header.dataAt; ; ) {
    window.start(segmentAt);
    decoder.restart();
    const end = Math.min(mcu + interval, total);
    const reached = decoder.decode(mcu, end);
    decoded += reached - mcu;
    const sound = reached === end && !window.hasLeftovers;
    leftovers ||= reached === end && window.hasLeftovers;
    const marker = window.endOfSegment();
    if (end >= total) return { total, decoded, leftovers, end: marker };

    const left = Math.ceil((total - end) / interval);
    const resumed = findResumption(bytes, marker, end / interval, left, sound);
    mcu = end + resumed.lost * interval;
    if (resumed.dataAt === undefined || mcu >= total) {
      return { total, decoded, leftovers, end: resumed.markerAt };
    }
    segmentAt = resumed.dataAt;
  }
}

function mcusOf(frame: Frame, { parts }: ScanHeader): number {
  const [first] = parts;
  return parts.length === 1 && first !== undefined
    ? first.component.blocksAcross * first.component.blocksDown
    : frame.mcusAcross * frame.mcusDown;
}

/** A decoder that goes block by block in the order of T.81, A.2. */
export abstract class BlockwiseDecoder implements ScanDecoder {
  protected readonly window: EntropyWindow;
  readonly #across: number;
  /** The blocks of an MCU: their component, its blocks an MCU across and down, and their place there. */
  readonly #blocks: readonly { part: number; h: number; v: number; x: number; y: number }[];

  constructor(window: EntropyWindow, frame: Frame, { parts }: ScanHeader) {
    this.window = window;
    const [first] = parts;
    if (parts.length === 1 && first !== undefined) {
      // The blocks of one component come row by row, none beyond its edges (A.2.2).
      this.#across = first.component.blocksAcross;
      this.#blocks = [{ part: 0, h: 1, v: 1, x: 0, y: 0 }];
    } else {
      // Of several, h × v blocks each in turn, those beyond the picture's edges included (A.2.3).
      this.#across = frame.mcusAcross;
      this.#blocks = parts.flatMap(({ component: { h, v } }, part) =>
        Array.from({ length: h * v }, (_, i) => ({ part, h, v, x: i % h, y: Math.floor(i / h) })),
      );
    }
  }

  abstract restart(): void;

  /** Decodes the next block of a component, counted in the scan. @returns whether it made sense */
  protected abstract decodeBlock(part: number, row: number, column: number): boolean;

  decode(from: number, to: number): number {
    const window = this.window;
    const across = this.#across;
    let row = Math.floor(from / across);
    let column = from % across;
    for (let mcu = from; mcu < to; mcu++) {
      for (const { part, h, v, x, y } of this.#blocks) {
        if (window.bit >= window.refillBit) window.refill();
        if (!this.decodeBlock(part, row * v + y, column * h + x)) return mcu;
      }
      if (++column === across) {
        column = 0;
        row++;
      }
    }
    return to;
  }
}

interface Resumption {
  /** The position where data continues; `undefined` at the end of the scan. */
  readonly dataAt: number | undefined;
  /** Intervals that are missing before it. */
  readonly lost: number;
  /** The marker at which the search ended. */
  readonly markerAt: number;
}

/**
 * Finds the restart marker to go on from. They are numbered 0 to 7 in turn (B.2.1), so a wrong number
 * shows that intervals are missing, or that this is a marker from before the damage.
 *
 * @param passed intervals that should have been decoded so far
 * @param left intervals that should still come
 * @param sound the last one was decoded to its end and its data ended there
 */
function findResumption(
  bytes: Uint8Array,
  from: number,
  passed: number,
  left: number,
  sound: boolean,
): Resumption {
  for (let at = from; ; at = findMarker(bytes, at + 2)) {
    const marker = bytes[at + 1];
    if (marker === undefined) return { dataAt: undefined, lost: 0, markerAt: at };
    if (isRestart(marker)) {
      const ahead = (marker - Marker.RST0 - (passed - 1)) & 7;
      const isConfirmed = ahead <= CONFIRMED_LOSS && goesOn(bytes, at);
      const isBelieved = ahead < left && (isConfirmed || (!sound && ahead <= BELIEVED_LOSS));
      if (isBelieved) return { dataAt: at + 2, lost: ahead, markerAt: at };
      // Some encoders number them wrongly, and a number may be damaged itself; that is no reason to
      // drop sound data.
      if (sound) return { dataAt: at + 2, lost: 0, markerAt: at };
    } else if (endsScan(bytes, at)) {
      return { dataAt: undefined, lost: 0, markerAt: at };
    }
  }
}

/** Whether the marker after a restart marker is the next in turn, or none of a restart. */
function goesOn(bytes: Uint8Array, at: number): boolean {
  const marker = bytes[at + 1];
  const next = bytes[findMarker(bytes, at + 2) + 1];
  return next === undefined || !isRestart(next) || next === Marker.RST0 + ((marker + 1) & 7);
}

/**
 * Whether a marker, found while intervals are still to come, ends the scan all the same: one that may
 * follow a scan and stands alone, or that of a segment with another marker behind it. Any other two bytes
 * are damaged data.
 */
function endsScan(bytes: Uint8Array, at: number): boolean {
  const marker = bytes[at + 1];
  if (marker === Marker.EOI || marker === Marker.SOS || marker === Marker.DNL) return true;
  return marker >= Marker.SOF0 && isMarkerAt(bytes, at + 2 + readUint16(bytes, at + 2));
}
