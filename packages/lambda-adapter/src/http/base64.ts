import { otherEvents, SLICE } from './event-loop.js';
import { HttpError } from './problem.js';

/** The longest `data:` URL header that is read: `image/svg+xml;charset=utf-8;base64` and the like. */
const LONGEST_HEADER = 1_000;

/**
 * The bytes of a photo written as base64 (RFC 4648, either alphabet, line breaks allowed) or as a
 * `data:` URL (RFC 2397), which is unwrapped once.
 *
 * Works in slices, so that other requests are served meanwhile.
 *
 * @param text ASCII; overwritten where it has percent escapes or white space
 * @throws HttpError `INVALID_INPUT`
 */
export async function decodeBase64Photo(text: Buffer): Promise<Uint8Array> {
  const isDataUrl = /^data:/i.test(text.toString('latin1', 0, 5));
  const data = isDataUrl ? await dataOf(text) : text;
  const bytes = (await decode(data)) ?? (await decode(await withoutWhiteSpace(data)));
  // Also what is left of a data: URL in a data: URL ends here.
  if (!bytes || bytes.length === 0) {
    throw invalid(
      'The "image" is neither base64 nor a base64 data: URL. Write the bytes of a JPEG, PNG, GIF or WebP file as base64.',
    );
  }
  return bytes;
}

function invalid(message: string, cause?: unknown): HttpError {
  return new HttpError('INVALID_INPUT', message, { cause });
}

async function dataOf(url: Buffer): Promise<Buffer> {
  const comma = url.subarray(0, LONGEST_HEADER).indexOf(',');
  if (comma < 0 || !/;base64$/i.test(url.toString('latin1', 0, comma).trim())) {
    throw invalid('The data: URL must be of the form "data:image/jpeg;base64,…".');
  }
  const data = url.subarray(comma + 1);
  return data.includes('%') ? percentDecoded(data) : data;
}

/** In place: what is decoded is never longer than what was written. */
async function percentDecoded(text: Buffer): Promise<Buffer> {
  let length = 0;
  for (let at = 0; at < text.length; length++) {
    let byte = text[at] ?? 0;
    if (byte === 0x25) {
      byte = Number.parseInt(text.toString('latin1', at + 1, at + 3), 16);
      if (!/^[0-9a-f]{2}$/i.test(text.toString('latin1', at + 1, at + 3))) {
        throw invalid('The data: URL has a broken percent escape.');
      }
      at += 3;
    } else at++;
    text[length] = byte;
    if (length % PERCENT_SLICE === 0) await otherEvents();
  }
  return text.subarray(0, length);
}

/** An escape takes about 100 ns. */
const PERCENT_SLICE = 32 * 1024;

/** In place. */
async function withoutWhiteSpace(text: Buffer): Promise<Buffer> {
  let length = 0;
  for (let start = 0; start < text.length; start += SLICE) {
    const end = Math.min(text.length, start + SLICE);
    for (let at = start; at < end; at++) {
      const byte = text[at] ?? 0;
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
      text[length++] = byte;
    }
    await otherEvents();
  }
  return text.subarray(0, length);
}

/**
 * The bytes, or undefined if there is anything in the text that is not base64. `Buffer` skips what it
 * does not know, so the length tells: each four characters must give three bytes.
 */
async function decode(text: Buffer): Promise<Uint8Array | undefined> {
  let end = text.length;
  for (let padding = 0; padding < 2 && text[end - 1] === 0x3d; padding++) end--;
  if (end % 4 === 1) return undefined;
  const bytes = Buffer.allocUnsafeSlow(bytesOf(end));
  let written = 0;
  for (let start = 0; start < end; start += SLICE) {
    if (start > 0) await otherEvents();
    const slice = text.toString('latin1', start, Math.min(end, start + SLICE));
    const given = bytes.write(slice, written, 'base64');
    if (given !== bytesOf(slice.length)) return undefined;
    written += given;
  }
  return bytes;
}

function bytesOf(characters: number): number {
  return Math.floor((characters * 3) / 4);
}
