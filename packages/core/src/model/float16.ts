/**
 * IEEE 754 binary16 to and from binary32. JavaScript has a `Float16Array` only from 2025 on; until
 * then the runtime hands out the bits in a `Uint16Array`.
 */

/** @param bits a `Uint16Array`, or anything of its layout such as a `Float16Array` */
export function float16ToFloat32(bits: ArrayBufferView): Float32Array {
  const halves = new Uint16Array(bits.buffer, bits.byteOffset, bits.byteLength / 2);
  const floats = new Float32Array(halves.length);
  const words = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    const exponent = half & 0x7c00;
    // The same fraction and an exponent that counts from -127 instead of -15.
    if (exponent !== 0 && exponent !== 0x7c00) {
      words[i] = ((half & 0x8000) << 16) | (((half & 0x7fff) << 13) + (112 << 23));
    } else {
      floats[i] = unusual(half);
    }
  }
  return floats;
}

/** Zeros, numbers below 2⁻¹⁴, infinities and NaN. */
function unusual(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const fraction = half & 0x3ff;
  if ((half & 0x7c00) === 0) return sign * fraction * 2 ** -24;
  return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
}

/** Rounds to the nearest, ties to even; what is too large becomes infinite. */
export function float32ToFloat16(floats: Float32Array): Uint16Array {
  const halves = new Uint16Array(floats.length);
  for (let i = 0; i < floats.length; i++) halves[i] = halfBits(floats[i] as number);
  return halves;
}

function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 all halves lie 2^-24 apart, above it 1024 to each power of two.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const step = 2 ** (exponent - 10);
  const steps = roundToEven(size / step);
  // A carry out of the fraction goes into the exponent by itself.
  return exponent === -14 && steps < 1024 ? sign | steps : sign + ((exponent + 14) * 1024 + steps);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
