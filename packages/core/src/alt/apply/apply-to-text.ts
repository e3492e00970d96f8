import { findInText, type SourceText } from '../find/find.js';
import type { FindOptions, ImageUse } from '../types.js';
import { type AltWrite, type Edit, editsFor, onOneLine } from './edits.js';

export interface WriteOptions {
  /** A data attribute that is written beside each alternative text, so that drafts are found again. */
  readonly mark?: string;
}

/** A document with alternative texts in it. */
export interface WrittenText {
  readonly text: string;
  /** The texts that were written, without those that the document already had. */
  readonly written: readonly AltWrite[];
  /** The texts that were refused: their edits would have changed more than the text. */
  readonly refused: readonly AltWrite[];
}

/**
 * Writes alternative texts into a document and changes nothing else. The result is parsed again: an
 * edit is undone if the images are then not the same, each with its intended text.
 *
 * @param source the document that `writes` were found in
 *
 * @example
 * const source = { text: '<img src=dog.jpg>', kind: 'html' };
 * const [use] = await findInText(source);
 * const { text } = await applyToText(source, [{ use, alt: 'A dog' }]);
 * text; // '<img src=dog.jpg alt="A dog">'
 */
export async function applyToText(
  source: SourceText,
  writes: readonly AltWrite[],
  options: FindOptions & WriteOptions = {},
): Promise<WrittenText> {
  const { default: MagicString } = await import('magic-string');
  const pending = writes
    .map((write) => ({ write, edits: editsFor(write, source.text, options.mark) }))
    .filter(({ edits }) => edits.length > 0);
  if (pending.length === 0) return { text: source.text, written: [], refused: [] };

  const before = await findInText(source, options);
  const tryOut = async (chosen: typeof pending) => {
    const text = edited(
      new MagicString(source.text),
      chosen.flatMap(({ edits }) => edits),
    );
    const alts = new Map(chosen.map(({ write }) => [keyOf(write.use), onOneLine(write.alt)]));
    return (await isAsWanted({ ...source, text }, before, alts, options)) ? text : undefined;
  };

  // All edits together if the result is right; otherwise by halves, to isolate the wrong edits.
  const good: typeof pending = [];
  let text = source.text;
  const add = async (some: typeof pending): Promise<void> => {
    const longer = await tryOut([...good, ...some]);
    if (longer !== undefined) {
      good.push(...some);
      text = longer;
    } else if (some.length > 1) {
      const half = some.length >> 1;
      await add(some.slice(0, half));
      await add(some.slice(half));
    }
  };
  await add(pending);
  const kept = new Set(good);
  const bad = pending.filter((each) => !kept.has(each));
  return { text, written: good.map(writeOf), refused: bad.map(writeOf) };
}

function writeOf({ write }: { readonly write: AltWrite }): AltWrite {
  return write;
}

interface Editor {
  appendLeft(index: number, text: string): unknown;
  update(start: number, end: number, text: string): unknown;
  remove(start: number, end: number): unknown;
  toString(): string;
}

function edited(document: Editor, edits: readonly Edit[]): string {
  for (const { start, end, text } of edits) {
    if (start === end) document.appendLeft(start, text);
    else if (text === '') document.remove(start, end);
    else document.update(start, end, text);
  }
  return document.toString();
}

/** True if the document has the same images, each with its old or its intended alternative text. */
async function isAsWanted(
  source: SourceText,
  before: readonly ImageUse[],
  alts: ReadonlyMap<string, string>,
  options: FindOptions,
): Promise<boolean> {
  // A document that cannot be parsed any more is not as wanted.
  const after = await findInText(source, options).catch(() => []);
  if (after.length !== before.length) return false;
  return before.every((use, index) => {
    const now = after[index];
    const alt = alts.get(keyOf(use)) ?? use.alt;
    return now?.alt === alt && now.kind === use.kind && now.src === use.src;
  });
}

function keyOf({ kind, start, src }: ImageUse): string {
  return `${kind} ${start} ${src}`;
}
