import { Buffer } from 'node:buffer';
import type { TreeAttribute, TreeNode } from './source-tree.js';

/** `@astrojs/compiler`, which came with Astro up to version 6. */
export interface AstroGoCompiler {
  parse(text: string, options: { position: true }): Promise<{ readonly ast: GoNode }>;
}

interface Position {
  /** In bytes of UTF-8. */
  readonly start: { readonly offset: number };
}

interface GoAttribute {
  readonly kind: 'quoted' | 'empty' | 'expression' | 'spread' | 'shorthand' | 'template-literal';
  readonly name: string;
  readonly value: string;
  /** A quoted value as it is written, quotes included; empty for the other kinds. */
  readonly raw?: string;
  readonly position?: Position;
}

interface GoNode {
  readonly type: string;
  readonly name?: string;
  readonly value?: string;
  readonly attributes?: readonly GoAttribute[];
  readonly children?: readonly GoNode[];
  readonly position?: Position;
}

const ELEMENTS = new Set(['element', 'component', 'custom-element']);

/** Expressions are not parsed (the compiler returns them as text), but the elements inside them are. */
export async function astroGoTree(
  text: string,
  compiler: AstroGoCompiler,
): Promise<readonly TreeNode[]> {
  const { ast } = await compiler.parse(text, { position: true });
  const offsets = utf16Offsets(text);
  const convert = (node: GoNode): TreeNode[] => {
    if (node.type === 'text') return [{ type: 'text', value: node.value ?? '' }];
    const children = (node.children ?? []).flatMap(convert);
    const { name, attributes = [], position } = node;
    if (!ELEMENTS.has(node.type) || name === undefined || !position) return children;
    const start = offsets(position.start.offset);
    const nameEnd = start + 1 + name.length;
    const read = attributes.map((attribute) => attributeOf(attribute, text, offsets));
    const ends = read.map(({ end }) => end ?? 0);
    return [
      {
        type: 'element',
        name,
        svg: name === 'image',
        attributes: read,
        children,
        start,
        nameEnd,
        open: attributes.some(({ kind }) => kind === 'spread'),
        end: Math.max(nameEnd, ...ends),
      },
    ];
  };
  return convert(ast);
}

function attributeOf(
  { kind, name, value, raw = '', position }: GoAttribute,
  text: string,
  offsets: (byte: number) => number,
): TreeAttribute {
  const start = position ? offsets(position.start.offset) : 0;
  if (kind === 'empty') return { name, value: '', start, end: start + name.length };
  if (kind !== 'quoted') return { name, value: null, start, end: null };
  const at = text.indexOf(raw, start + name.length);
  // Between a name and its value stand an equals sign and, perhaps, spaces.
  const between = text.slice(start + name.length, at).trim();
  return { name, value, start, end: at >= 0 && between === '=' ? at + raw.length : null };
}

/** The offsets in UTF-16 code units that offsets in bytes stand for. */
function utf16Offsets(text: string): (byte: number) => number {
  if (Buffer.byteLength(text) === text.length) return (byte) => byte;
  const units = new Uint32Array(Buffer.byteLength(text) + 1);
  let byte = 0;
  let unit = 0;
  for (const character of text) {
    units[byte] = unit;
    byte += Buffer.byteLength(character);
    unit += character.length;
  }
  units[byte] = unit;
  return (offset) => units[offset] ?? text.length;
}
