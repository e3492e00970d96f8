import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { CaptionOptions } from '../../src/types.js';

/** What scripts/fixtures/models wrote of the Python original. */
export interface Recording {
  readonly photos: readonly {
    /** 32-bit floats in base64, as are `encoded`. */
    readonly pixels: string;
    readonly encoded: string;
    readonly captions: readonly {
      readonly options: CaptionOptions;
      readonly found: readonly {
        readonly tokens: readonly number[];
        readonly text: string;
        /** Absent for greedy search, which gives none in Python. */
        readonly score?: number;
      }[];
    }[];
  }[];
}

export function fixture(family: string): string {
  return fileURLToPath(new URL(`./fixtures/${family}/`, import.meta.url));
}

export function recording(family: string): Recording {
  return JSON.parse(readFileSync(`${fixture(family)}expected.json`, 'utf8'));
}

export function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

/** Largest difference of two lists of numbers of the same length. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);
}
