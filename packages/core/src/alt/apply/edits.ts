import type { AltSlot, ImageUse } from '../types.js';

/** A piece of a text that is replaced; nothing is replaced where `start` is `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One alternative text to be written. */
export interface AltWrite {
  readonly use: ImageUse;
  /** Empty: the image is decorative. */
  readonly alt: string;
}

/** The text on one line, without control characters: what an attribute can hold. */
export function onOneLine(alt: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return alt.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}

/**
 * What has to change in a document for an alternative text; nothing where the image has it already
 * or cannot say it.
 *
 * @param text the document
 * @param mark a data attribute to find the draft by, where the image has attributes
 */
export function editsFor({ use, alt }: AltWrite, text: string, mark?: string): readonly Edit[] {
  const { slot } = use;
  const wanted = onOneLine(alt);
  if (!slot || use.alt === wanted) return [];
  switch (slot.type) {
    case 'attribute':
      return [attributeEdit(slot, wanted, text, mark)];
    case 'label':
      return wanted === '' ? [] : labelEdits(slot, wanted);
    case 'field':
      return [
        {
          start: slot.start,
          end: slot.end,
          // JSON's texts are texts of YAML, too.
          text: `${slot.before}${JSON.stringify(wanted)}${slot.after}`,
        },
      ];
  }
}

type AttributeSlot = Extract<AltSlot, { type: 'attribute' }>;

function attributeEdit(slot: AttributeSlot, alt: string, text: string, mark?: string): Edit {
  const { existing, insertAt, document } = slot;
  const marking = mark === undefined ? '' : ` ${mark}=""`;
  if (!existing) {
    return { start: insertAt, end: insertAt, text: ` alt=${quoted(alt, '"', document)}${marking}` };
  }
  const old = text.slice(existing.start, existing.end);
  const quote = old.endsWith("'") ? "'" : '"';
  // The name stays as it is written (`ALT`).
  return { ...existing, text: `${old.slice(0, 3)}=${quoted(alt, quote, document)}${marking}` };
}

/**
 * A value in quotes. Characters that mean something to HTML or to a template language around it
 * become character references, so that no text can be more than a text.
 */
function quoted(alt: string, quote: '"' | "'", document: AttributeSlot['document']): string {
  const references: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '{': '&#123;',
    '}': '&#125;',
    [quote]: quote === '"' ? '&quot;' : '&#39;',
    // The border of a table's cell.
    ...(document === 'markdown' && { '|': '&#124;' }),
  };
  const escaped = [...alt].map((character) => references[character] ?? character).join('');
  // Astro gives components the text between the quotes as it is, character references and all.
  if (document === 'astro' && escaped !== alt) return `{${JSON.stringify(alt)}}`;
  return quote + escaped + quote;
}

type LabelSlot = Extract<AltSlot, { type: 'label' }>;

function labelEdits({ form, start, end, imageEnd }: LabelSlot, alt: string): Edit[] {
  const label = escapedLabel(alt);
  switch (form) {
    case 'inline':
    case 'full':
      return [{ start, end, text: label }];
    // `![image]` is named by its label: the label becomes the reference.
    case 'shortcut':
      return [{ start, end: start, text: `${label}][` }];
    case 'collapsed':
      return [
        { start, end: start, text: `${label}][` },
        { start: end + 1, end: imageEnd, text: '' },
      ];
  }
}

/** Characters that begin something in Markdown, GitHub's extensions, MDX or a template. */
const SPECIAL = new Set('\\`*_[]<>~|{}$^');

function escapedLabel(alt: string): string {
  const escaped = [...alt].map((character) =>
    SPECIAL.has(character) ? `\\${character}` : character,
  );
  // `&amp;` is a reference, `A & B` is not.
  return escaped.join('').replace(/&(?=[#\w]+;)/g, '\\&');
}
