/*
 * A module of one function, `i8x16.popcnt(i8x16.splat(0))`, which only an engine with the fixed-width
 * SIMD instructions of WebAssembly accepts. Opcodes: core specification, section 5.4.9.
 */
const MODULE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // "\0asm", version 1
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type () → v128
  ...[0x03, 0x02, 0x01, 0x00], // one function of that type
  ...[0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x62, 0x0b], // its code
);

/** True if this browser has WebAssembly SIMD, which the runtime needs. */
export function hasWasmSimd(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(MODULE);
}
