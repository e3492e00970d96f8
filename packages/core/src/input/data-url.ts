import { CaptionError } from '../errors.js';
import { nextTask } from '../next-task.js';
import { BytePieces } from './byte-pieces.js';
import { refuseTooManyBytes } from './memory.js';

export function isDataUrl(text: string): boolean {
  return /^data:/i.test(text);
}

/** Characters decoded at a time, a multiple of four, so that a large photo does not block the thread. */
const PIECE = 2 ** 20;

/** What base64 is read from. */
interface Text {
  readonly length: number;
  charCodeAt(at: number): number;
  slice(from: number, to: number): string;
}

/**
 * The bytes of a `data:` URL (RFC 2397), base64 or percent-encoded; what it says of their type does
 * not matter.
 *
 * @throws CaptionError `INVALID_INPUT`, `IMAGE_TOO_LARGE` before more than `maxBytes` are decoded
 */
export async function dataUrlBytes(
  url: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const comma = url.indexOf(',');
  if (comma < 0) throw invalid('it has no comma before its data');
  const data = url.slice(comma + 1);
  if (!/;\s*base64\s*$/i.test(url.slice(5, comma))) return percentDecode(data, maxBytes);
  if (!data.includes('%')) return decodeBase64(data, maxBytes);
  // Four characters of base64 are three bytes; padding and line ends may come on top.
  const plain = await percentDecode(data, 2 * maxBytes + 4);
  const latin1 = new TextDecoder('latin1');
  const text: Text = {
    length: plain.length,
    charCodeAt: (at) => plain[at] ?? 0,
    slice: (from, to) => latin1.decode(plain.subarray(from, to)),
  };
  return decodeBase64(text, maxBytes);
}

/** @throws CaptionError `INVALID_INPUT` for other characters than those of base64 and base64url */
async function decodeBase64(text: Text, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const end = endOfBase64(text);
  refuseTooManyBytes(Math.floor((end * 3) / 4), maxBytes);
  const bytes = new Uint8Array(Math.ceil((end * 3) / 4));
  let length = 0;
  let rest = '';
  for (let at = 0; at < end; at += PIECE) {
    const isLast = at + PIECE >= end;
    let piece = rest + text.slice(at, Math.min(at + PIECE, end)).replace(/\s+/g, '');
    piece = piece.replace(/-/g, '+').replace(/_/g, '/');
    const whole = isLast ? piece.length : piece.length - (piece.length % 4);
    rest = piece.slice(whole);
    let binary: string;
    try {
      binary = atob(piece.slice(0, whole));
    } catch (cause) {
      throw invalid('its data is not base64', cause);
    }
    for (let i = 0; i < binary.length; i++) bytes[length++] = binary.charCodeAt(i);
    if (!isLast) await nextTask();
  }
  return bytes.slice(0, length);
}

/** Where the padding at the end, and white space, begin. (A regular expression would take quadratic time.) */
function endOfBase64(text: Text): number {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) <= 0x20 || text.charCodeAt(end - 1) === 0x3d)) end--;
  return end;
}

/** Bytes of a text in which bytes stand as they are (ASCII) or as `%41`. */
async function percentDecode(text: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const pieces = new BytePieces();
  for (let at = 0, end = 0; at < text.length; at = end) {
    end = Math.min(at + PIECE, text.length);
    // No escape is cut in two.
    const cut = text.slice(end - 2, end).indexOf('%');
    if (cut >= 0 && end < text.length) end += cut - 2;
    pieces.add(unescaped(encoder.encode(text.slice(at, end))));
    refuseTooManyBytes(pieces.length, maxBytes);
    if (end < text.length) await nextTask();
  }
  return pieces.joined();
}

/** The bytes with their escapes undone, in place. */
function unescaped(bytes: Uint8Array): Uint8Array {
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] ?? 0;
    if (byte === 0x25) {
      const value = 16 * hexDigit(bytes[at + 1]) + hexDigit(bytes[at + 2]);
      if (value >= 0) {
        byte = value;
        at += 2;
      }
    }
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/** Not a number where it is none. */
function hexDigit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}

function invalid(why: string, cause?: unknown): CaptionError {
  return new CaptionError(
    'INVALID_INPUT',
    `This data: URL cannot be read: ${why}. A photo looks like data:image/jpeg;base64,/9j/4AAQ….`,
    { cause },
  );
}
