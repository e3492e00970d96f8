import { isUtf8 } from 'node:buffer';
import { sep } from 'node:path';
import { type Key, keyOf } from './key-table.js';

/*
 * Names of files are bytes on Linux. Those that are not UTF-8 are kept as Python keeps them
 * (`os.fsdecode`, PEP 383): a byte from 0x80 to 0xff that belongs to no character is a lone surrogate,
 * U+DC80 to U+DCFF. JSON can hold it, and the bytes can be had back.
 */

/** The text of a file's name. */
export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let name = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    if (length === 0) name += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
    else name += bytes.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return name;
}

/** Bytes of the UTF-8 character at a place; 0 where there is none. */
function characterLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}

/** True for a name that only its bytes can open. */
export function hasBytes(name: string): boolean {
  return /\p{Surrogate}/u.test(name);
}

/** The bytes of a name: the inverse of {@link decodeName}. */
export function encodeName(name: string): Buffer {
  const plain = Buffer.from(name, 'utf8');
  if (!hasBytes(name)) return plain;
  return Buffer.concat(
    [...name].map((character) => {
      const code = character.codePointAt(0) ?? 0;
      const isByte = code >= 0xdc80 && code <= 0xdcff;
      return isByte ? Buffer.of(code - 0xdc00) : Buffer.from(character, 'utf8');
    }),
  );
}

/** A path with `/` between its folders, on every platform. On Linux and macOS `\` is part of a name. */
export function slashed(path: string, separator: string = sep): string {
  return separator === '\\' ? path.replaceAll('\\', '/') : path;
}

/** What a result is looked up by. */
export function nameKey(name: string): Key {
  return keyOf(encodeName(name));
}
