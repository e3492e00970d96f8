import type { Caption } from '../caption.js';

/** One photo's line in a download. */
export interface ExportRow {
  readonly file: string;
  readonly status: string;
  readonly caption?: Caption;
  readonly error?: { readonly code: string; readonly message: string };
}

/** `<img>` with the caption as its alternative text. */
export function toImageTag(file: string, caption: string): string {
  return `<img src="${escapeAttribute(file)}" alt="${escapeAttribute(caption)}">`;
}

function escapeAttribute(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

export function toJson(rows: readonly ExportRow[]): string {
  const plain = rows.map(({ file, status, caption, error }) => ({
    file,
    status,
    ...(caption && {
      caption: caption.text,
      score: caption.score,
      confidence: caption.confidence,
      alternatives: caption.alternatives,
      ...(caption.tags.length > 0 && { tags: caption.tags }),
      milliseconds: caption.total,
      model: caption.model,
    }),
    ...(error && { error }),
  }));
  return `${JSON.stringify(plain, null, 2)}\n`;
}

/** RFC 4180, with a header line. */
export function toCsv(rows: readonly ExportRow[]): string {
  const header = ['file', 'status', 'caption', 'confidence', 'score', 'milliseconds', 'error'];
  const lines = rows.map(({ file, status, caption, error }) => [
    file,
    status,
    caption?.text ?? '',
    caption ? caption.confidence.toFixed(4) : '',
    caption ? caption.score.toFixed(4) : '',
    caption ? caption.total.toFixed(1) : '',
    error?.message ?? '',
  ]);
  return [header, ...lines].map((fields) => `${fields.map(csvField).join(',')}\r\n`).join('');
}

/**
 * Quoted where RFC 4180 wants it. A text that a spreadsheet would run as a formula (OWASP, "CSV
 * injection") gets an apostrophe before it: file names come from strangers.
 */
function csvField(text: string): string {
  const isNumber = text !== '' && Number.isFinite(Number(text));
  const safe = /^[=+\-@\t\r]/.test(text) && !isNumber ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
