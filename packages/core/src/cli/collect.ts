import { CaptionError } from '../index.js';

/**
 * All bytes of a stream, at most `maxBytes` of them.
 *
 * @throws CaptionError `IMAGE_TOO_LARGE` as soon as there are more
 */
export async function collect(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new CaptionError(
        'IMAGE_TOO_LARGE',
        `${what} holds more than ${maxBytes} bytes, the most that is taken (--max-bytes).`,
      );
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
