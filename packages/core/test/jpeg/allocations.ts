import { vi } from 'vitest';

const KINDS = [
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array'],
  ...['Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array'],
];

/** The bytes of all typed arrays that are made while something runs, and of the largest. */
export function allocations(run: () => void): { total: number; largest: number } {
  const seen = { total: 0, largest: 0 };
  for (const name of KINDS) {
    const original = Reflect.get(globalThis, name);
    const watched: object = new Proxy(original, {
      construct(target, args, newTarget) {
        const made = newTarget === watched ? target : newTarget;
        const array = Reflect.construct(target, args, made) as Uint8Array;
        if (!(args[0] instanceof ArrayBuffer)) {
          seen.total += array.byteLength;
          seen.largest = Math.max(seen.largest, array.byteLength);
        }
        return array;
      },
    });
    vi.stubGlobal(name, watched);
  }
  try {
    run();
  } finally {
    vi.unstubAllGlobals();
  }
  return seen;
}
