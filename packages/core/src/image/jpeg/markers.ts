/**
 * Markers: the two-byte codes that cut a JPEG file into pieces (ITU-T T.81, B.1.1.2, table B.1).
 *
 * A file is a row of marker segments. Every marker is 0xFF and one of the codes below; most are
 * followed by a length and parameters. Only the data after SOS (the entropy-coded segments) has no
 * length: it ends where the next marker begins, and a data byte 0xFF is written as 0xFF 0x00 so that
 * it cannot be taken for one.
 */
export const Marker = {
  /** Temporary, for arithmetic coding; has no parameters. */
  TEM: 0x01,
  /** Start of frame: baseline sequential DCT, Huffman. */
  SOF0: 0xc0,
  /** Extended sequential DCT, Huffman. */
  SOF1: 0xc1,
  /** Progressive DCT, Huffman. */
  SOF2: 0xc2,
  /** Define Huffman tables. */
  DHT: 0xc4,
  /** Reserved for extensions. */
  JPG: 0xc8,
  /** Define arithmetic coding conditioning. */
  DAC: 0xcc,
  SOF15: 0xcf,
  /** Restart 0 to 7: between the intervals of a scan. */
  RST0: 0xd0,
  RST7: 0xd7,
  /** Start of image. */
  SOI: 0xd8,
  /** End of image. */
  EOI: 0xd9,
  /** Start of scan: entropy-coded data follows its parameters. */
  SOS: 0xda,
  /** Define quantisation tables. */
  DQT: 0xdb,
  /** Define number of lines, for an encoder that did not know it at the start. */
  DNL: 0xdc,
  /** Define restart interval. */
  DRI: 0xdd,
  /** Define hierarchical progression. */
  DHP: 0xde,
  /** Application segments; 0 is JFIF's, 1 EXIF's, 2 that of ICC profiles, 14 Adobe's. */
  APP0: 0xe0,
  APP1: 0xe1,
  APP2: 0xe2,
  APP14: 0xee,
  APP15: 0xef,
  /** Start of frame of JPEG-LS (T.87), which is no part of T.81. */
  SOF55: 0xf7,
  COM: 0xfe,
} as const;

/** A marker and the bytes of its parameters, after the length. */
export interface Segment {
  readonly marker: number;
  /** Where the 0xFF of the marker is. */
  readonly at: number;
  /** First byte of the parameters. */
  readonly start: number;
  /** One past the last byte of the parameters, or before them if that is not known; in the file. */
  readonly end: number;
  /** The length said more than the file holds, or less than its own two bytes. */
  readonly damaged: boolean;
}

/** Whether a marker stands alone, with no length and no parameters after it (B.1.1.3). */
export function standsAlone(marker: number): boolean {
  return (
    marker === Marker.TEM ||
    marker === Marker.SOI ||
    marker === Marker.EOI ||
    isRestart(marker) ||
    // Reserved codes: an encoder does not write them, so what follows is not a length.
    (marker > Marker.TEM && marker < Marker.SOF0)
  );
}

export function isRestart(marker: number): boolean {
  return marker >= Marker.RST0 && marker <= Marker.RST7;
}

/** Whether a marker begins a frame (table B.1): SOF0 to SOF15 but the three others among them. */
export function isStartOfFrame(marker: number): boolean {
  return (
    marker >= Marker.SOF0 &&
    marker <= Marker.SOF15 &&
    marker !== Marker.DHT &&
    marker !== Marker.JPG &&
    marker !== Marker.DAC
  );
}

/**
 * Where the next marker begins: the index of the last 0xFF before its code, at or after `from`, or
 * the file's length if there is none. Stuffed bytes (0xFF 0x00) are data and stepped over; so are
 * fill bytes (0xFF 0xFF) and, in damaged files, whatever else is not a marker. With `overRestarts`
 * the restart markers within a scan are stepped over as well.
 */
export function findMarker(bytes: Uint8Array, from: number, overRestarts = false): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return bytes.length;
    const code = bytes[at + 1];
    if (code === 0xff) at += 1;
    else if (code === 0 || (overRestarts && isRestart(code))) at += 2;
    else return at;
  }
}

/** The next marker segment at or after `from`, or `undefined` at the end of the file. */
export function nextSegment(bytes: Uint8Array, from: number): Segment | undefined {
  const at = findMarker(bytes, from);
  if (at >= bytes.length) return undefined;
  const marker = bytes[at + 1];
  if (standsAlone(marker)) return { marker, at, start: at + 2, end: at + 2, damaged: false };
  const length = at + 3 < bytes.length ? readUint16(bytes, at + 2) : 0;
  // The parameters may be sound all the same, but where they end is not known.
  if (length < 2) return { marker, at, start: at + 4, end: at + 2, damaged: true };
  const end = at + 2 + length;
  const damaged = end > bytes.length;
  return { marker, at, start: at + 4, end: damaged ? bytes.length : end, damaged };
}

/**
 * Where a segment ends: as its length says if another marker stands there, else where its content ends
 * by its own count. Of a damaged file one of the two may be right, and what follows is not lost.
 */
export function endOf(bytes: Uint8Array, segment: Segment, contentEnd: number): number {
  return isMarkerAt(bytes, segment.end) ? segment.end : Math.min(contentEnd, bytes.length);
}

/** Whether a marker of a segment stands at a place. */
export function isMarkerAt(bytes: Uint8Array, at: number): boolean {
  const code = bytes[at + 1] ?? 0;
  return bytes[at] === 0xff && (code >= Marker.SOF0 || code === Marker.TEM);
}

/** A big-endian 16-bit number (B.1.1.1); bytes after the end of the file count as 0. */
export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
