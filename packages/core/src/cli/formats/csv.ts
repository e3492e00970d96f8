import type { FormatContext, OutputFormat } from './format.js';
import { rounded } from './report.js';
import { STAGES } from './stages.js';

/**
 * Comma-separated values as RFC 4180 has them: a header line, lines ending in CR LF, a field in
 * quotes when it holds a comma, a quote or a line break, quotes in it doubled.
 *
 * Spreadsheets take a field that begins with `=`, `+`, `-` or `@` for a formula, and names of photos come
 * from strangers. Such a name gets `./` before it, which is the same file; any other text an apostrophe
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function csvFormat({ captions, tags, timings }: FormatContext): OutputFormat {
  const further = Array.from({ length: captions - 1 }, (_, index) => index);
  const stages = timings ? STAGES : [];
  const header = [
    'file',
    'caption',
    'score',
    'confidence',
    ...further.map((index) => `caption_${index + 2}`),
    ...(tags ? ['tags'] : []),
    ...stages.map((stage) => `${stage}_ms`),
    'error',
  ];
  return {
    head: () => line(header),
    photo(report) {
      if (report.error) {
        const empty = header.slice(2).map(() => '');
        return line([
          fileName(report.file),
          ...empty,
          `${report.error.code}: ${report.error.message}`,
        ]);
      }
      const { result } = report;
      return line([
        fileName(report.file),
        report.hidden ? '' : plain(result.text),
        String(rounded(result.score, 6)),
        String(rounded(result.confidence, 6)),
        ...further.map((index) => plain(report.alternatives[index]?.text ?? '')),
        ...(tags ? [plain(report.tags.map(({ text }) => text).join('; '))] : []),
        ...stages.map((stage) => String(rounded(result.timings[stage], 2))),
        '',
      ]);
    },
    tail: () => '',
  };
}

/** What spreadsheets begin a formula with; the wide forms in Japanese ones. */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;

function fileName(name: string): string {
  // A lone "-" is standard input, and no formula.
  return FORMULA.test(name) && name !== '-' ? `./${name}` : name;
}

function plain(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

function line(fields: readonly string[]): string {
  return `${fields.map(quoted).join(',')}\r\n`;
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
