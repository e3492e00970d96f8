import type { FoundColour } from '../colour/profile.js';
import { riffChunks } from './riff.js';

/** The ICC profile of a WebP: its ICCP chunk (RFC 9649, section 2.7.1.4). */
export function webpColour(bytes: Uint8Array): FoundColour | undefined {
  for (const { type, data } of riffChunks(bytes, 12)) {
    if (type === 'ICCP') return { icc: data, pictureColours: 'rgb' };
  }
  return undefined;
}
