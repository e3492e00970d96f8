import { csvFormat } from './csv.js';
import type { FormatContext, FormatName, OutputFormat } from './format.js';
import { jsonFormat, jsonLinesFormat } from './json.js';
import { markdownFormat } from './markdown.js';
import { textFormat } from './text.js';

const formats: Readonly<Record<FormatName, (context: FormatContext) => OutputFormat>> = {
  text: textFormat,
  json: jsonFormat,
  jsonl: jsonLinesFormat,
  csv: csvFormat,
  md: markdownFormat,
};

export function outputFormat(name: FormatName, context: FormatContext): OutputFormat {
  return formats[name](context);
}
