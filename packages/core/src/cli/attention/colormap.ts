/**
 * 33 evenly spaced colours of "inferno" by Stéfan van der Walt and Nathaniel Smith (CC0,
 * https://bids.github.io/colormap/), from nothing (near black) to most (pale yellow). Between them
 * it is interpolated; no channel is off by more than 2 of 255. Equal steps of the value look equally
 * large, in grey and to colour-blind eyes too.
 */
const INFERNO =
  '000004 040312 0b0724 150b37 210c4a 2e0a5a 3c0965 4a0c6b 57106d 63146e 70196e 7d1e6d 89226a 962766 a32b61 af315c bb3755 c63e4d d14644 db4f3b e35932 eb6528 f1711e f67f14 f98d0a fb9c06 fcab0f fbba1f f9ca32 f5d949 f2e865 f3f586 fcffa4';

export type Rgb = readonly [red: number, green: number, blue: number];

const STOPS: readonly Rgb[] = INFERNO.split(' ').map((hex) => {
  const value = Number.parseInt(hex, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
});

/** The colour of a value, clamped to 0–1. Channels 0–255, not rounded. */
export function inferno(value: number): Rgb {
  const position = Math.min(1, Math.max(0, value)) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(position));
  const from = STOPS[below] ?? [0, 0, 0];
  const to = STOPS[below + 1] ?? from;
  const part = position - below;
  const mix = (channel: 0 | 1 | 2) => from[channel] + (to[channel] - from[channel]) * part;
  return [mix(0), mix(1), mix(2)];
}
