import { printable } from '../../formats/text.js';
import { type AltResult, draftInWords, type Listed } from './alt-result.js';

/** For each image its place and what is wrong, with the draft on the next line. */
export function textFormat({ images }: AltResult): string {
  return images.map(lines).join('');
}

function lines(image: Listed): string {
  const { file, line, column, src, kind, status, alt, outcome } = image;
  const wrong = status === 'placeholder' ? `alt is "${alt ?? ''}"` : 'no alt';
  const place = `${file}:${line}:${column}  ${shortened(src ?? `<${kind}>`)}`;
  const head = outcome ? place : `${place}  ${wrong}`;
  const draft = draftInWords(image);
  return `${printable(head)}\n${draft === '' ? '' : `    ${printable(draft)}\n`}`;
}

/** A data URL is as long as the image. */
function shortened(src: string): string {
  return src.length <= 100 ? src : `${src.slice(0, 60)}…`;
}
