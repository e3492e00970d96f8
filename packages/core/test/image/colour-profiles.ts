import { readFileSync } from 'node:fs';

/** A profile, and what Little CMS makes of the picture by it; see scripts/fixtures/image. */
export interface RecordedProfile {
  readonly name: string;
  readonly icc: Uint8Array;
  readonly isGrey: boolean;
  /** RGB as stored; grey levels repeated. */
  readonly pixels: Uint8Array;
  readonly srgb: Uint8Array;
}

const record = JSON.parse(
  readFileSync(new URL('./fixtures/colour-profiles.json', import.meta.url), 'utf8'),
) as {
  width: number;
  height: number;
  rgb: string;
  grey: string;
  profiles: Record<string, { icc: string; srgb: string }>;
};

const decoded = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

export const { width, height } = record;

/** The colours that were converted, and the greys, one byte each. */
export const COLOURS = decoded(record.rgb);
export const GREYS = decoded(record.grey);

export const PROFILES: readonly RecordedProfile[] = Object.entries(record.profiles).map(
  ([name, { icc, srgb }]) => ({
    name,
    icc: decoded(icc),
    isGrey: name.startsWith('grey'),
    pixels: name.startsWith('grey') ? repeated(GREYS) : COLOURS,
    srgb: decoded(srgb),
  }),
);

export function profileNamed(name: string): RecordedProfile {
  const found = PROFILES.find((profile) => profile.name === name);
  if (!found) throw new Error(`no profile ${name}`);
  return found;
}

function repeated(greys: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: greys.length * 3 }, (_, i) => greys[Math.floor(i / 3)] ?? 0);
}
