import { aligned } from '../memory.js';
import type { Storage } from './value.js';

/** From which step of a plan to which a piece of storage is in use, both included. */
export interface Lifetime {
  readonly storage: Storage;
  readonly from: number;
  readonly to: number;
}

/** Guards against a neighbour's bytes being taken for one's own end. */
const GAP = 64;

/**
 * Gives every piece of storage a place, the same for two that are never in use at once.
 *
 * @param lifetimes in any order; the addresses are set, counted from 0
 * @returns the bytes needed in all
 */
export function assignPlaces(lifetimes: readonly Lifetime[]): number {
  const inOrder = [...lifetimes].sort((a, b) => a.from - b.from);
  const taken: { start: number; end: number; to: number }[] = [];
  let most = 0;
  for (const { storage, from, to } of inOrder) {
    const size = aligned(storage.bytes) + GAP;
    let start = 0;
    let place = 0;
    let kept = 0;
    // `taken` is sorted by place: drop what has ended, find the first gap that is large enough.
    for (let i = 0; i < taken.length; i++) {
      const piece = taken[i];
      if (piece && piece.to >= from) taken[kept++] = piece;
    }
    taken.length = kept;
    for (; place < taken.length; place++) {
      const piece = taken[place];
      if (!piece || piece.start - start >= size) break;
      start = piece.end;
    }
    taken.splice(place, 0, { start, end: start + size, to });
    storage.address = start;
    most = Math.max(most, start + size);
  }
  return most;
}
