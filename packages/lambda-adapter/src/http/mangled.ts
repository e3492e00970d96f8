import { HttpError } from './problem.js';

/** How the files of the kinds that are read here begin, as Latin-1. */
const beginnings = ['\xff\xd8\xff', '\x89PNG\r\n'];

/** What becomes of a beginning when a program takes bytes for text of some encoding and writes UTF-8. */
const mangled: readonly Buffer[] = beginnings.flatMap((beginning) => {
  const bytes = Buffer.from(beginning, 'latin1');
  return [Buffer.from(bytes.toString('utf8'), 'utf8'), Buffer.from(beginning, 'utf8')];
});

/**
 * Refuses a JPEG or PNG that was treated as text on its way: its bytes beyond ASCII came as UTF-8.
 *
 * @throws HttpError `UNSUPPORTED_FORMAT`
 */
export function refuseMangled(photo: Uint8Array): void {
  const isStartOf = (bytes: Uint8Array) => bytes.every((byte, at) => photo[at] === byte);
  if (!mangled.some(isStartOf)) return;
  throw new HttpError(
    'UNSUPPORTED_FORMAT',
    'A program on the way read this photo as text and wrote it as UTF-8, which destroyed it. Send the bytes as they are: a Buffer, Blob or file rather than a string; curl --data-binary rather than -d; with API Gateway, */* among the binary media types.',
  );
}
