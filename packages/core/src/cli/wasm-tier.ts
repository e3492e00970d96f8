import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 wait longer before it compiles the runtime's WebAssembly again with its optimising
 * compiler. By default that begins while the model is loaded and competes with it for the processor:
 * on one core with Node 24 a first caption came after 0.6–0.7 s instead of 1.35 s, with 225 MB instead
 * of 480, and captions settled at the same speed, after three photos instead of five. Measured with
 * `scripts/bench/worker.mjs`. With a budget of 70,000,000 it begins before the first caption, too
 * (0.88 s, 470 MB).
 *
 * The whole process is affected, so this is for a program to decide, not for the library. The flag
 * is read when the WebAssembly is compiled: call this before a model is loaded.
 */
export function delayWasmTierUp(): void {
  setFlagsFromString('--wasm-tiering-budget=500000000');
}
