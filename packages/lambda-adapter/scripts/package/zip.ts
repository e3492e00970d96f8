import { type Zippable, zipSync } from 'fflate';
import type { Contents } from './contents.js';

/**
 * The zip format's first day. The format counts local time, so the day is made from local numbers,
 * and comes out alike in every time zone.
 */
const firstDay = () => new Date(1980, 0, 1);
/** Regular file, readable by all: the user that Lambda runs functions as is not the owner. */
const MODE = 0o100644;
const UNIX = 3;

/** A zip that depends on its contents alone: names in order, one time, one mode, one compressor. */
export function deterministicZip(contents: Contents): Uint8Array {
  const files: Zippable = {};
  const mtime = firstDay();
  for (const name of [...contents.keys()].sort()) {
    const bytes = contents.get(name);
    if (bytes) files[name] = [bytes, { level: 9, mtime, os: UNIX, attrs: MODE << 16 }];
  }
  return zipSync(files);
}

export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly compressed: number;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;

/** What a zip holds, read from its central directory (APPNOTE.TXT, section 4.3.12). */
export function zipEntries(zip: Uint8Array): ZipEntry[] {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = zip.length - 22;
  if (end < 0 || view.getUint32(end, true) !== END_OF_DIRECTORY) throw new Error('This is no zip.');
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== DIRECTORY_ENTRY) throw new Error('The zip is damaged.');
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    ) as [number, number, number];
    const name = new TextDecoder().decode(zip.subarray(at + 46, at + 46 + nameLength));
    const compressed = view.getUint32(at + 20, true);
    entries.push({ name, compressed, size: view.getUint32(at + 24, true) });
    at += 46 + nameLength + extra + comment;
  }
  return entries;
}
