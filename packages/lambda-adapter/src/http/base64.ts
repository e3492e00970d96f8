import { HttpError } from './problem.js';

/**
 * The bytes of a photo written as base64 (RFC 4648, either alphabet, line breaks allowed) or as a
 * `data:` URL (RFC 2397).
 *
 * @throws HttpError `INVALID_INPUT`
 */
export function decodeBase64Photo(text: string): Uint8Array {
  const data = /^data:/i.test(text) ? dataOf(text) : text;
  // `Buffer` skips what it does not know; a half-understood photo is worse than a refusal.
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(data)) {
    const compact = data.replace(/[\r\n\t ]+/g, '');
    if (compact !== data && compact !== '') return decodeBase64Photo(compact);
    throw new HttpError(
      'INVALID_INPUT',
      'The "image" is neither base64 nor a base64 data: URL. Write the bytes of a JPEG, PNG, GIF or WebP file as base64.',
    );
  }
  return Buffer.from(data, 'base64');
}

function dataOf(url: string): string {
  const comma = url.indexOf(',');
  if (comma < 0 || !/;base64$/i.test(url.slice(0, comma).trim())) {
    throw new HttpError(
      'INVALID_INPUT',
      'The data: URL must be of the form "data:image/jpeg;base64,…".',
    );
  }
  const data = url.slice(comma + 1);
  try {
    return data.includes('%') ? decodeURIComponent(data) : data;
  } catch (cause) {
    throw new HttpError('INVALID_INPUT', 'The data: URL has a broken percent escape.', { cause });
  }
}
