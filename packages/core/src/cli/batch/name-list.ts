import { createReadStream } from 'node:fs';
import { CaptionError } from '../../index.js';
import { explain } from '../../node/system-error.js';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** No system has longer paths. */
const LONGEST_NAME = 1 << 16;

/**
 * The names in a list, in bytes, each as soon as it is there: a name a line, or with NUL after each,
 * as `find -print0` writes them. Which of the two it is the first separator says. Empty lines are left
 * out, and so is the byte order mark with which Windows programs begin a file.
 *
 * @param file path of the list, `-` for standard input
 * @throws CaptionError `FILE_NOT_FOUND` when it cannot be read, `INVALID_INPUT` when it is no list
 */
export async function* listedNames(file: string): AsyncGenerator<Buffer, void, undefined> {
  let separator: number | undefined;
  let rest: Buffer = Buffer.alloc(0);
  const stream: AsyncIterable<Buffer> = file === '-' ? process.stdin : createReadStream(file);
  try {
    for await (const chunk of withoutMark(stream, file)) {
      rest = Buffer.concat([rest, chunk]);
      separator ??= firstSeparator(rest);
      let start = 0;
      for (;;) {
        const end = separator === undefined ? -1 : rest.indexOf(separator, start);
        if (end < 0) break;
        const name = trimmed(rest.subarray(start, end), separator);
        start = end + 1;
        if (name.length > 0) yield name;
      }
      rest = rest.subarray(start);
      if (rest.length > LONGEST_NAME) {
        throw new CaptionError(
          'INVALID_INPUT',
          `--files-from ${file} is no list of names: one of them has more than ${LONGEST_NAME} bytes.`,
        );
      }
    }
  } catch (cause) {
    if (cause instanceof CaptionError) throw cause;
    throw new CaptionError(
      'FILE_NOT_FOUND',
      `--files-from ${file} cannot be read: ${explain(cause)}.`,
      { cause },
    );
  }
  const last = trimmed(rest, separator);
  if (last.length > 0) yield last;
}

/** Bytes that tell a byte order mark, and whether UTF-16 follows it. */
const LONGEST_MARK = 4;

/** @throws CaptionError `INVALID_INPUT` for UTF-16, which older PowerShells write */
async function* withoutMark(
  stream: AsyncIterable<Buffer>,
  file: string,
): AsyncGenerator<Buffer, void, undefined> {
  let first: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of stream) {
    if (!first) {
      yield chunk;
      continue;
    }
    first = Buffer.concat([first, chunk]);
    if (first.length < LONGEST_MARK) continue;
    // Names on Linux may begin with the mark, but a zero among the first letters belongs to UTF-16.
    const isUtf16 =
      (first.readUInt16BE(0) === 0xfffe && first[2] !== 0 && first[3] === 0) ||
      (first.readUInt16BE(0) === 0xfeff && first[2] === 0 && first[3] !== 0);
    if (isUtf16) {
      throw new CaptionError(
        'INVALID_INPUT',
        `--files-from ${file} is in UTF-16. Write it in UTF-8; in PowerShell: … | Out-File -Encoding utf8 list.txt`,
      );
    }
    yield afterMark(first);
    first = undefined;
  }
  if (first) yield afterMark(first);
}

function afterMark(bytes: Buffer): Buffer {
  return bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xefbbbf ? bytes.subarray(3) : bytes;
}

function firstSeparator(bytes: Buffer): number | undefined {
  const nul = bytes.indexOf(0);
  const line = bytes.indexOf(LINE_FEED);
  if (nul < 0) return line < 0 ? undefined : LINE_FEED;
  // A name may hold a line break; then NUL comes after it.
  return 0;
}

/** Without the carriage return of Windows' line ends. */
function trimmed(name: Buffer, separator: number | undefined): Buffer {
  return separator !== 0 && name.at(-1) === CARRIAGE_RETURN ? name.subarray(0, -1) : name;
}
