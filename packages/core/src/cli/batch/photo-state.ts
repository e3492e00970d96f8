import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';

/** What tells whether a photo has changed; `source` in a result. */
export interface PhotoState {
  readonly bytes: number;
  /** Milliseconds since 1970 when the file was last changed, rounded down. */
  readonly mtimeMs: number;
  /** Of the file's bytes, in hexadecimal; with `--check hash` only. */
  readonly sha256?: string;
}

/**
 * Looks at a photo before it is read. When it changes meanwhile, its time is no longer the one that was
 * recorded, and the next run captions it anew.
 *
 * @throws Error with `onlyFiles` for a folder, pipe, socket or device
 */
export async function photoState(
  path: string | Buffer,
  { onlyFiles = false } = {},
): Promise<PhotoState> {
  // As floating point, times just below a whole millisecond are rounded up.
  const found = await stat(path, { bigint: true });
  if (onlyFiles && !found.isFile()) throw new Error(`it is ${kindOf(found)}, not a file`);
  return { bytes: Number(found.size), mtimeMs: Number(found.mtimeMs) };
}

function kindOf(found: BigIntStats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a named pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}

const CHUNK = 1 << 18;

/** SHA-256 of a file's bytes in hexadecimal, read piece by piece. */
export async function hashFile(path: string | Buffer): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** SHA-256 of bytes, in hexadecimal. */
export function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reads what a result says of its photo; nothing when it says nothing that can be used. */
export function readState(value: unknown): PhotoState | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { bytes, mtimeMs, sha256 } = value as Record<string, unknown>;
  if (typeof bytes !== 'number' || typeof mtimeMs !== 'number') return undefined;
  return { bytes, mtimeMs, ...(typeof sha256 === 'string' && { sha256 }) };
}
