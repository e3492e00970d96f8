import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 wait longer before it compiles the runtime's WebAssembly again with its optimising
 * compiler. By default that begins with the first photo and competes with it for the processor: on
 * one core with Node 24 a first caption came after 0.75 s instead of 1.5–1.8 s, and captions settled
 * at the same speed, about eight photos later. Measured with `pnpm bench` and `--node-flags`.
 *
 * The whole process is affected, so this is for a program to decide, not for the library. The flag
 * is read when the WebAssembly is compiled: call this before a model is loaded.
 */
export function delayWasmTierUp(): void {
  setFlagsFromString('--wasm-tiering-budget=70000000');
}
