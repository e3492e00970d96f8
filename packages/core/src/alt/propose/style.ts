import { CaptionError } from '../../errors.js';
import { onOneLine } from '../apply/edits.js';

/** How a caption becomes an alternative text. */
export interface StyleOptions {
  /** Before the text. */
  readonly prefix?: string;
  /** After it: `' (draft)'`. */
  readonly suffix?: string;
  /** `{caption}`, `{name}` (the file's, without extension) and `{confidence}` (in per cent) are put in. Default `{caption}`. */
  readonly template?: string;
  /** Most characters, prefix and suffix included. 20–1000, default 125. */
  readonly maxLength?: number;
}

/** A screen reader says a longer text in one go, with no way to skim it. */
export const DEFAULT_MAX_LENGTH = 125;

const FIELDS = ['caption', 'name', 'confidence'];

/** Openings that a screen reader has said already: it announces an image as one. */
const OPENINGS = [
  'photo',
  'photograph',
  'picture',
  'image',
  'close up photo',
  'blurry photo',
].flatMap((word) => ['a', 'an', 'the', ''].map((article) => `${article} ${word} of `.trimStart()));

/** @throws CaptionError `INVALID_OPTION` */
export function checkStyle({ template, maxLength, prefix = '', suffix = '' }: StyleOptions): void {
  const unknown = fieldsIn(template ?? '').find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "template" can contain {${FIELDS.join('}, {')}}, not {${unknown}}.`,
    );
  }
  if (template !== undefined && !fieldsIn(template).includes('caption')) {
    throw new CaptionError('INVALID_OPTION', 'The option "template" must contain {caption}.');
  }
  const most = maxLength ?? DEFAULT_MAX_LENGTH;
  if (!Number.isInteger(most) || most < 20 || most > 1000) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "maxLength" must be a whole number from 20 to 1000, not ${String(maxLength)}.`,
    );
  }
  if (prefix.length + suffix.length > most - 20) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The options "prefix" and "suffix" leave fewer than 20 of the ${most} characters of "maxLength" for the caption.`,
    );
  }
}

function fieldsIn(template: string): string[] {
  return [...template.matchAll(/\{(\w*)\}/g)].map(([, field = '']) => field);
}

export interface Styled {
  readonly caption: string;
  /** The image's file name. */
  readonly name: string;
  readonly confidence: number;
}

/**
 * A caption as an alternative text: no "a photo of", sentence case, on one line, cut at a word when
 * it is too long.
 */
export function altText({ caption, name, confidence }: Styled, style: StyleOptions): string {
  const {
    prefix = '',
    suffix = '',
    template = '{caption}',
    maxLength = DEFAULT_MAX_LENGTH,
  } = style;
  const sentence = withoutOpening(onOneLine(caption));
  if (sentence === '') return '';
  const values: Readonly<Record<string, string>> = {
    caption: sentence,
    name: name.replace(/\.[^.]*$/, ''),
    confidence: `${Math.round(confidence * 100)} %`,
  };
  const filled = template.replace(/\{(\w+)\}/g, (whole, field: string) => values[field] ?? whole);
  const room = maxLength - prefix.length - suffix.length;
  return onOneLine(prefix + cut(sentenceCase(filled), room) + suffix);
}

function withoutOpening(caption: string): string {
  const lower = caption.toLowerCase();
  const opening = OPENINGS.find((each) => lower.startsWith(each));
  return opening === undefined ? caption : caption.slice(opening.length);
}

function sentenceCase(text: string): string {
  const [first = '', ...rest] = text;
  return first.toUpperCase() + rest.join('');
}

/** At most `most` UTF-16 code units, whole words, an ellipsis where something is missing. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const short = text.slice(0, most - 1);
  const space = text[most - 1] === ' ' ? most - 1 : short.lastIndexOf(' ');
  return `${(space > 0 ? short.slice(0, space) : short).replace(/[\s,;:–-]+$/, '')}…`;
}
