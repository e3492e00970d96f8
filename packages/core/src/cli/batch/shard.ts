import { CaptionError } from '../../index.js';
import { nameKey } from '../names.js';

/** One of several parts that photos are divided into; `index` counts from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

const MOST_SHARDS = 1_000_000;

/** @throws CaptionError `INVALID_OPTION` */
export function parseShard(given: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(given) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count && shard.count <= MOST_SHARDS) return shard;
  const hint = shard.index === 0 ? ' Parts count from 1.' : '';
  throw new CaptionError(
    'INVALID_OPTION',
    `--shard must be a part and the number of parts, from 1/16 to 16/16 for 16 of them, not "${given}".${hint}`,
  );
}

/**
 * The part that a name belongs to: the first eight bytes of the SHA-256 of the name (relative path, `/`
 * between folders, Unicode NFC, UTF-8) as a big-endian number, modulo the number of parts, plus one. It
 * depends on nothing else, so that machines need not agree on anything.
 */
export function shardOf(name: string, count: number): number {
  const { high, low } = nameKey(name.normalize('NFC'));
  return Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(count)) + 1;
}
