import type { Caption } from '../caption.js';

/** One photo's line in a download. */
export interface ExportRow {
  readonly file: string;
  readonly status: string;
  readonly caption?: Caption;
  /** What the visitor wrote in place of the model's caption. */
  readonly edited?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** `alt="…"`, to be pasted into a tag. */
export function toAltAttribute(caption: string): string {
  return `alt="${escapeAttribute(caption)}"`;
}

/** A Markdown image. Punctuation is escaped as CommonMark 2.4 allows it. */
export function toMarkdown(file: string, caption: string): string {
  const text = oneLine(caption).replace(/[\\[\]*_`<>&!#]/g, '\\$&');
  return `![${text}](${relativeAddress(file)})`;
}

/** `<img>` with the caption as its alternative text. */
export function toImageTag(file: string, caption: string): string {
  return `<img src="${escapeAttribute(relativeAddress(file))}" alt="${escapeAttribute(caption)}">`;
}

/**
 * The address of a file beside the page that names it. Percent-encoded: a question mark or a number sign in a file
 * name would end its path, spaces and brackets would end the address in Markdown.
 */
function relativeAddress(file: string): string {
  // Half a surrogate pair has no percent-encoding.
  const address = encodeURI(file.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[()?#]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  // What stands before a colon would be a scheme, as in "mailto:" (RFC 3986, section 4.2).
  return /^[^/]*:/.test(address) ? `./${address}` : address;
}

function escapeAttribute(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

export function toJson(rows: readonly ExportRow[]): string {
  const plain = rows.map(({ file, status, caption, edited, error }) => ({
    file,
    status,
    ...(caption && {
      caption: edited ?? caption.text,
      ...(edited !== undefined && { modelCaption: caption.text }),
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

/** RFC 4180, with a header line. The byte order mark tells Excel that it is UTF-8. */
export function toCsv(rows: readonly ExportRow[]): string {
  const header = [
    'file',
    'status',
    'caption',
    'confidence',
    'score',
    'tags',
    'milliseconds',
    'error',
  ];
  const lines = rows.map(({ file, status, caption, edited, error }) => [
    file,
    status,
    edited ?? caption?.text ?? '',
    caption ? caption.confidence.toFixed(4) : '',
    caption ? caption.score.toFixed(4) : '',
    caption?.tags.map(({ text }) => text).join('; ') ?? '',
    caption ? caption.total.toFixed(1) : '',
    error?.message ?? '',
  ]);
  const text = [header, ...lines].map((fields) => `${fields.map(csvField).join(',')}\r\n`).join('');
  return `\ufeff${text}`;
}

/** One line a photo that has a caption: file name, tab, caption. */
export function toText(rows: readonly ExportRow[]): string {
  return rows
    .filter(({ status }) => status === 'done')
    .map(
      ({ file, caption, edited }) =>
        `${oneLine(file)}\t${oneLine(edited ?? caption?.text ?? '')}\n`,
    )
    .join('');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** What spreadsheets begin a formula with; the wide forms in Japanese ones. */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;

/**
 * Quoted where RFC 4180 wants it. A text that a spreadsheet would run as a formula (OWASP, "CSV
 * injection") gets an apostrophe before it: file names come from strangers.
 */
function csvField(text: string): string {
  const isNumber = text !== '' && Number.isFinite(Number(text));
  const safe = FORMULA.test(text) && !isNumber ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
