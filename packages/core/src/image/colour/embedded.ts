import type { ImageFormat } from '../types.js';
import { type IccProfile, ProfileError, readIccProfile } from './icc.js';
import type { ColourProfile, FoundColour } from './profile.js';
import { isNearlySrgb } from './to-srgb.js';

/** What a file says of its colours. */
export interface EmbeddedColour {
  /** The conversion of its pixels to sRGB; absent if they are sRGB or count as it. */
  readonly profile?: ColourProfile;
  readonly warnings: readonly string[];
}

/** Nothing where a file tells nothing of its colours; a {@link ProfileError} where that is damaged. */
type ColourReader = (bytes: Uint8Array) => Promise<FoundColour | undefined>;

/** Loaded on first use, like the decoders. */
const READERS: Readonly<Record<ImageFormat, ColourReader>> = {
  jpeg: async (bytes) => (await import('../jpeg/colour-profile.js')).jpegColour(bytes),
  png: async (bytes) => (await import('../png/colour-chunks.js')).pngColour(bytes),
  webp: async (bytes) => (await import('../webp/colour-profile.js')).webpColour(bytes),
  // GIF has no place for it that anybody reads.
  gif: async () => undefined,
};

/**
 * The colours of a file by its embedded profile. Profiles that are damaged or not supported are ignored
 * over with a warning: a photo a little pale is better than none.
 *
 * @param bytes the whole file
 */
export async function embeddedColour(
  bytes: Uint8Array,
  format: ImageFormat,
): Promise<EmbeddedColour> {
  try {
    const found = await READERS[format](bytes);
    if (!found) return { warnings: [] };
    const profile = 'icc' in found ? fittingProfile(found) : found.profile;
    return isNearlySrgb(profile) ? { warnings: [] } : { profile, warnings: [] };
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    const name = format === 'webp' ? 'WebP' : format.toUpperCase();
    return {
      warnings: [`The ${name}'s colour profile is ignored, colours may be off: ${error.message}.`],
    };
  }
}

function fittingProfile({
  icc,
  pictureColours,
}: Extract<FoundColour, { icc: Uint8Array }>): IccProfile {
  const profile = readIccProfile(icc);
  if (!profile) throw new ProfileError('it is not a profile with a matrix and tone curves');
  // Grey is a colour, too: equal parts of red, green and blue.
  const fits = pictureColours === 'grey' || pictureColours === profile.colours;
  if (!fits) throw new ProfileError('it describes another kind of colours');
  return profile;
}
