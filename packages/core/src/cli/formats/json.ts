import type { CaptionError, CaptionTimings } from '../../index.js';
import type { FormatContext, OutputFormat } from './format.js';
import { type PhotoReport, rounded } from './report.js';

/** True if a command line asks for JSON. Reads the raw arguments, since parsing them may have failed. */
export function printsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  return flags.some(
    (flag, i) =>
      /^--(format=)?jsonl?$/.test(flag) ||
      (flag === '--format' && /^jsonl?$/.test(flags[i + 1] ?? '')),
  );
}

/** An error as a JSON object. */
export function errorObject({ code, message }: CaptionError) {
  return { error: { code, message } };
}

/** A photo as one JSON object, with numbers rounded to their precision. */
export function photoObject(
  report: PhotoReport,
  { tags }: Pick<FormatContext, 'tags'>,
): Readonly<Record<string, unknown>> {
  if (report.error) return { file: report.file, ...errorObject(report.error) };
  const { text, score, confidence, timings, warnings } = report.result;
  return {
    file: report.file,
    caption: report.hidden ? null : text,
    score: rounded(score, 6),
    confidence: rounded(confidence, 6),
    ...(report.alternatives.length > 0 && {
      alternatives: report.alternatives.map((candidate) => ({
        caption: candidate.text,
        score: rounded(candidate.score, 6),
        confidence: rounded(candidate.confidence, 6),
      })),
    }),
    ...(tags && {
      tags: report.tags.map(({ text, probability }) => ({
        text,
        probability: rounded(probability, 6),
      })),
    }),
    timings: roundedTimings(timings),
    ...(warnings.length > 0 && { warnings }),
  };
}

function roundedTimings(timings: CaptionTimings): Record<string, number> {
  return Object.fromEntries(
    Object.entries(timings).map(([stage, ms]: [string, number]) => [stage, rounded(ms, 2)]),
  );
}

/** One object for one photo, otherwise an array. `tail` closes it after any number of photos. */
export function jsonFormat(context: FormatContext): OutputFormat {
  if (context.photos === 1) {
    return {
      head: () => '',
      photo: (report) => `${JSON.stringify(photoObject(report, context), null, 2)}\n`,
      tail: () => '',
    };
  }
  let first = true;
  return {
    head: () => '[',
    photo(report) {
      const separator = first ? '\n' : ',\n';
      first = false;
      return separator + JSON.stringify(photoObject(report, context), null, 2).replace(/^/gm, '  ');
    },
    tail: () => (first ? ']\n' : '\n]\n'),
  };
}

/** One object per line (https://jsonlines.org). */
export function jsonLinesFormat(context: FormatContext): OutputFormat {
  return {
    head: () => '',
    photo: (report) => `${JSON.stringify(photoObject(report, context))}\n`,
    tail: () => '',
  };
}
