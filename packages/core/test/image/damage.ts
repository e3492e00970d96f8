import { crc32OfPng } from './png-writer.js';

/** One way to damage a file. Places are taken modulo the file's length. */
export type Damage =
  | { readonly kind: 'set'; readonly at: number; readonly value: number }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: readonly number[] }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number }
  | { readonly kind: 'fill'; readonly at: number; readonly length: number; readonly value: number };

/** Numbers that lengths and counts break at. */
export const EDGES = [0, 1, 2, 3, 7, 8, 127, 128, 254, 255] as const;

export function damaged(file: Uint8Array, damages: readonly Damage[]): Uint8Array {
  return damages.reduce(apply, Uint8Array.from(file));
}

function apply(file: Uint8Array, damage: Damage): Uint8Array {
  if (file.length === 0) return file;
  const at = damage.at % file.length;
  switch (damage.kind) {
    case 'set':
      file[at] = damage.value;
      return file;
    case 'flip':
      file[at] = (file[at] ?? 0) ^ (1 << damage.bit);
      return file;
    case 'cut':
      return file.slice(0, at);
    case 'remove':
      return joined(file.subarray(0, at), file.subarray(at + damage.length));
    case 'insert':
      return joined(file.subarray(0, at), Uint8Array.from(damage.bytes), file.subarray(at));
    case 'repeat':
      return joined(file.subarray(0, at + damage.length), file.subarray(at));
    case 'fill':
      return file.fill(damage.value, at, at + damage.length);
  }
}

/**
 * A PNG's checksums made right again: otherwise nearly all damage ends at the header's, and what
 * lies behind is never tried.
 */
export function withRightChecksums(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > file.length) break;
    view.setUint32(end, crc32OfPng(file.subarray(at + 4, end)));
    at = end + 4;
  }
  return file;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
