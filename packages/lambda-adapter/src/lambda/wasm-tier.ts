import { setFlagsFromString } from 'node:v8';

/** More work than any function does in the life of a process: the most that the flag takes. */
const NEVER = 2_000_000_000;

/**
 * Keeps V8 from compiling the runtime's WebAssembly a second time, with its optimising compiler, once
 * it has been used a little. For the embedded model that code is no faster (captions settle at 65–70
 * ms either way on one core with Node 24), while making it takes 600 ms or more of the first requests
 * and pushes peak memory from 230 MB to 480. `ZIPCAPTION_WASM_TIER_UP=on` lets V8 have its way, which
 * large models of floating-point numbers may thank.
 *
 * To be called before the runtime is loaded: the flag is read when its module is compiled.
 */
export function limitWasmTierUp(env: Readonly<Record<string, string | undefined>>): void {
  if (env.ZIPCAPTION_WASM_TIER_UP === 'on') return;
  setFlagsFromString(`--wasm-tiering-budget=${NEVER}`);
}
