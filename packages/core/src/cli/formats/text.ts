import type { CaptionError } from '../../index.js';
import type { FormatContext, OutputFormat } from './format.js';
import type { PhotoReport } from './report.js';

/**
 * One line per photo: its name, two spaces, the caption. Alternative captions and tags follow on
 * indented lines. A photo that failed has no line; its error is on stderr.
 */
export function textFormat({ tags }: FormatContext): OutputFormat {
  return {
    head: () => '',
    photo(report) {
      if (report.error) return '';
      return `${printable(report.file)}  ${captionLines(report, { tags })}`;
    },
    tail: () => '',
  };
}

/** The caption of a photo, and what was asked for besides on further lines. */
export function captionLines(
  report: Exclude<PhotoReport, { error: CaptionError }>,
  { tags }: Pick<FormatContext, 'tags'>,
): string {
  const caption = report.hidden ? 'maybe' : printable(report.result.text);
  const further = report.alternatives.map(
    ({ text, confidence }, index) =>
      `  ${index + 2}. ${printable(text)} (${confidence.toFixed(2)})\n`,
  );
  const words = report.tags.map(
    ({ text, probability }) => `${printable(text)} (${probability.toFixed(2)})`,
  );
  const tagged = tags ? `  tags: ${words.join(', ') || 'none'}\n` : '';
  return `${caption}\n${further.join('')}${tagged}`;
}

/**
 * Escapes control characters and characters that change the writing direction, so that a text cannot
 * control a terminal or break a line.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) =>
      SHORT_ESCAPES[character] ??
      `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
