import type { FormatContext, OutputFormat } from './format.js';
import { STAGES } from './stages.js';
import { printable } from './text.js';

/** A table in GitHub's Markdown. */
export function markdownFormat({ captions, tags, timings }: FormatContext): OutputFormat {
  const further = Array.from({ length: captions - 1 }, (_, index) => index);
  const stages = timings ? STAGES : [];
  return {
    head() {
      const titles = [
        'Photo',
        'Caption',
        'Confidence',
        ...further.map((index) => `Caption ${index + 2}`),
        ...(tags ? ['Tags'] : []),
        ...stages.map((stage) => `${stage} (ms)`),
      ];
      const rules = titles.map((title) => (/^Confidence|\(ms\)$/.test(title) ? '---:' : '---'));
      return row(titles) + row(rules);
    },
    photo(report) {
      if (report.error) {
        const empty = [...further, ...(tags ? ['tags'] : []), ...stages].map(() => '');
        const message = `**${report.error.code}**: ${escaped(report.error.message)}`;
        return row([escaped(report.file), message, '', ...empty]);
      }
      const { text, confidence, timings: took } = report.result;
      return row([
        escaped(report.file),
        report.hidden ? 'maybe' : escaped(text),
        `${Math.round(confidence * 100)} %`,
        ...further.map((index) => escaped(report.alternatives[index]?.text ?? '')),
        ...(tags ? [escaped(report.tags.map(({ text }) => text).join(', '))] : []),
        ...stages.map((stage) => took[stage].toFixed(1)),
      ]);
    },
    tail: () => '',
  };
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

/** Text that Markdown shows as it is: CommonMark takes a backslash before any ASCII punctuation. */
function escaped(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>|~$&:@]/g, '\\$&');
}
