import type { Document, Node, Pair, YAMLMap } from 'yaml';
import type { AltSlot, AltStatus, FindOptions, ImageUse } from '../types.js';
import { LineIndex } from './lines.js';
import type { FrontMatter } from './markdown.js';
import { isPlaceholder } from './placeholders.js';

/**
 * The images that the front matter names: for each of `fields` the image's field and, beside it,
 * the one for its alternative text.
 *
 * @throws what the YAML parser found wrong
 */
export async function frontMatterUses(
  text: string,
  { value, start }: FrontMatter,
  options: FindOptions,
): Promise<ImageUse[]> {
  const fields = Object.entries(options.fields ?? {});
  if (fields.length === 0) return [];
  const yaml = await import('yaml');
  const document = yaml.parseDocument(value);
  const [error] = document.errors;
  if (error) throw error;
  const lines = new LineIndex(text);
  return fields.flatMap(([altField, srcField]) => {
    const image = pairAt(document, srcField.split('.'), yaml);
    if (!image || typeof image.value !== 'string') return [];
    const src = image.value.trim();
    if (src === '') return [];
    const existing = pairAt(document, altField.split('.'), yaml);
    const alt = typeof existing?.value === 'string' ? existing.value : null;
    const slot = existing
      ? replacing(existing, start)
      : adding(image, altField, srcField, text, start);
    const at = start + (image.key.range?.[0] ?? 0);
    const use: ImageUse = {
      kind: 'field',
      status: statusOf(existing, src, options),
      alt,
      src,
      candidates: [src],
      context: {},
      start: at,
      end: start + (image.node.range?.[1] ?? 0),
      ...lines.at(at),
      ...(slot && { slot }),
    };
    return [use];
  });
}

interface Found {
  readonly key: Node;
  readonly node: Node;
  readonly value: unknown;
  /** In braces: `{ cover: a.jpg }`. */
  readonly flow: boolean;
}

type Yaml = typeof import('yaml');

function pairAt(document: Document.Parsed, path: readonly string[], yaml: Yaml): Found | undefined {
  let map: unknown = document.contents;
  let flow = false;
  for (const [depth, name] of path.entries()) {
    if (!yaml.isMap(map)) return undefined;
    flow ||= (map as YAMLMap).flow === true;
    const pair: Pair | undefined = map.items.find(
      ({ key }) => yaml.isScalar(key) && String(key.value) === name,
    );
    if (!pair || !yaml.isNode(pair.key) || !yaml.isNode(pair.value)) return undefined;
    if (depth === path.length - 1) {
      const value = yaml.isScalar(pair.value) ? pair.value.value : undefined;
      return { key: pair.key, node: pair.value, value, flow };
    }
    map = pair.value;
  }
  return undefined;
}

function statusOf(existing: Found | undefined, src: string, options: FindOptions): AltStatus {
  if (!existing || existing.value === null) return 'missing';
  if (typeof existing.value !== 'string') return 'dynamic';
  if (existing.value.trim() === '') return options.empty ? 'missing' : 'empty';
  return isPlaceholder(existing.value, src, options.placeholders ?? []) ? 'placeholder' : 'present';
}

function replacing({ node, value }: Found, start: number): AltSlot | undefined {
  const range = node.range;
  if (!range || (typeof value !== 'string' && value !== null)) return undefined;
  // `cover_alt:` with nothing after it: the place is right behind the colon.
  const before = range[0] === range[1] ? ' ' : '';
  return { type: 'field', start: start + range[0], end: start + range[1], before, after: '' };
}

function adding(
  image: Found,
  altField: string,
  srcField: string,
  text: string,
  start: number,
): AltSlot | undefined {
  const [parent, name] = splitField(altField);
  const keyStart = image.key.range?.[0];
  const valueEnd = image.node.range?.[1];
  // A new field goes below the image's own, so that both have to be in one block.
  if (image.flow || parent !== splitField(srcField)[0]) return undefined;
  if (keyStart === undefined || valueEnd === undefined) return undefined;
  const lineStart = text.lastIndexOf('\n', start + keyStart) + 1;
  const indent = text.slice(lineStart, start + keyStart);
  if (indent.trim() !== '') return undefined;
  const lineEnd = text.indexOf('\n', start + valueEnd);
  if (lineEnd < 0) return undefined;
  const newline = text[lineEnd - 1] === '\r' ? '\r\n' : '\n';
  const at = lineEnd + 1;
  return { type: 'field', start: at, end: at, before: `${indent}${name}: `, after: newline };
}

function splitField(field: string): [parent: string, name: string] {
  const dot = field.lastIndexOf('.');
  return [field.slice(0, Math.max(0, dot)), field.slice(dot + 1)];
}
