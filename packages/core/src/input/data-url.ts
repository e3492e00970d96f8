import { CaptionError } from '../errors.js';
import { nextTask } from '../next-task.js';
import { refuseTooManyBytes } from './memory.js';

export function isDataUrl(text: string): boolean {
  return /^data:/i.test(text);
}

/** Characters decoded at a time, a multiple of four, so that a large photo does not block the thread. */
const PIECE = 2 ** 20;

/**
 * The bytes of a `data:` URL (RFC 2397), base64 or percent-encoded; what it says of their type does
 * not matter.
 *
 * @throws CaptionError `INVALID_INPUT`, `IMAGE_TOO_LARGE` before anything is decoded
 */
export async function dataUrlBytes(
  url: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const comma = url.indexOf(',');
  if (comma < 0) throw invalid('it has no comma before its data');
  if (!/;\s*base64\s*$/i.test(url.slice(5, comma))) {
    return percentDecode(url.slice(comma + 1), maxBytes);
  }
  let text = url.slice(comma + 1);
  if (text.includes('%')) text = new TextDecoder().decode(percentDecode(text, text.length));
  refuseTooManyBytes(Math.floor((text.replace(/=+\s*$/, '').length * 3) / 4), maxBytes);
  return decodeBase64(text);
}

/** @throws CaptionError `INVALID_INPUT` for other characters than those of base64 and base64url */
async function decodeBase64(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4));
  let length = 0;
  let rest = '';
  for (let at = 0; at < text.length; at += PIECE) {
    const isLast = at + PIECE >= text.length;
    let piece = rest + text.slice(at, at + PIECE).replace(/\s+/g, '');
    piece = piece.replace(/-/g, '+').replace(/_/g, '/');
    if (isLast) piece = piece.replace(/=+$/, '');
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

/** Bytes of a text in which bytes stand as they are (ASCII) or as `%41`. */
function percentDecode(text: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  const plain = new TextEncoder().encode(text);
  const bytes = new Uint8Array(plain.length);
  let length = 0;
  for (let at = 0; at < plain.length; at++) {
    const digits = plain[at] === 0x25 ? String.fromCharCode(...plain.slice(at + 1, at + 3)) : '';
    const isEscape = /^[0-9a-f]{2}$/i.test(digits);
    bytes[length++] = isEscape ? Number.parseInt(digits, 16) : (plain[at] as number);
    if (isEscape) at += 2;
  }
  refuseTooManyBytes(length, maxBytes);
  return bytes.slice(0, length);
}

function invalid(why: string, cause?: unknown): CaptionError {
  return new CaptionError(
    'INVALID_INPUT',
    `This data: URL cannot be read: ${why}. A photo looks like data:image/jpeg;base64,/9j/4AAQ….`,
    { cause },
  );
}
