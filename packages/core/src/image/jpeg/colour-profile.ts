import { ProfileError } from '../colour/icc.js';
import type { FoundColour } from '../colour/profile.js';
import { readHead } from './header.js';
import { Marker, nextSegment } from './markers.js';

/** Before the data of each part: this name, the part's number from 1 on, how many there are. */
const NAME = 'ICC_PROFILE\0';
const PART_HEADER = NAME.length + 2;

/**
 * The ICC profile of a JPEG, put together from its APP2 segments (ICC.1:2022, annex B.4).
 *
 * @throws ProfileError when parts are missing or come twice
 */
export function jpegColour(bytes: Uint8Array): FoundColour | undefined {
  const parts: Uint8Array[] = [];
  let count = 0;
  for (let at = 2; ; ) {
    const segment = nextSegment(bytes, at);
    if (!segment || segment.marker === Marker.SOS || segment.marker === Marker.EOI) break;
    at = segment.end;
    const data = bytes.subarray(segment.start, segment.end);
    if (segment.marker !== Marker.APP2 || !startsWithName(data)) continue;
    const [number = 0, declared = 0] = data.subarray(NAME.length);
    const isSound = number >= 1 && number <= declared && (count === 0 || count === declared);
    if (!isSound || parts[number]) throw new ProfileError('its parts do not fit together');
    count = declared;
    parts[number] = data.subarray(PART_HEADER);
  }
  if (count === 0) return undefined;
  const icc = joined(Array.from({ length: count }, (_, i) => parts[i + 1]));
  const { length } = readHead(bytes).frame.components;
  return { icc, pictureColours: length === 1 ? 'grey' : length === 3 ? 'rgb' : 'inks' };
}

function joined(parts: readonly (Uint8Array | undefined)[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let at = 0;
  for (const part of parts) {
    if (!part) throw new ProfileError('a part of it is missing');
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function startsWithName(data: Uint8Array): boolean {
  if (data.length < PART_HEADER) return false;
  for (let i = 0; i < NAME.length; i++) if (data[i] !== NAME.charCodeAt(i)) return false;
  return true;
}
