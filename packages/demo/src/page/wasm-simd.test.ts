import { expect, test } from 'vitest';
import { hasWasmSimd } from './wasm-simd.js';

test('Node has WebAssembly SIMD, and the probe is a sound module', () => {
  expect(hasWasmSimd()).toBe(true);
});
