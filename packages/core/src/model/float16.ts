/**
 * IEEE 754 binary16 to and from binary32. JavaScript has a `Float16Array` only from 2025 on; until
 * then the runtime hands out the bits in a `Uint16Array`.
 */

/** All 65,536 values, made at the first use: a look-up is several times as fast as arithmetic. */
let table: Float32Array | undefined;

function decodeTable(): Float32Array {
  return Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/** @param bits a `Uint16Array`, or anything of its layout such as a `Float16Array` */
export function float16ToFloat32(bits: ArrayBufferView): Float32Array {
  table ??= decodeTable();
  const halves = new Uint16Array(bits.buffer, bits.byteOffset, bits.byteLength / 2);
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) floats[i] = table[halves[i] as number] as number;
  return floats;
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
