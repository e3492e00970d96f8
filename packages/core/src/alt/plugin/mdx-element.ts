import { mdxValue } from '../find/jsx.js';
import type { TreeAttribute, TreeElement, TreeNode } from '../find/source-tree.js';
import type { SyntaxNode } from './syntax-tree.js';

/** An attribute of an element of MDX, in hast and mdast alike. */
interface MdxAttribute {
  type: string;
  name?: string;
  value?: unknown;
}

export function isMdxElement(node: SyntaxNode): boolean {
  const isElement = node.type === 'mdxJsxFlowElement' || node.type === 'mdxJsxTextElement';
  return isElement && typeof node.name === 'string';
}

export function mdxTreeElement(
  node: SyntaxNode,
  place: number,
  imports: ReadonlyMap<string, string>,
  children: readonly TreeNode[],
): TreeElement {
  const name = String(node.name);
  const given = attributesOf(node);
  return {
    type: 'element',
    name,
    svg: name === 'image',
    children,
    start: place,
    end: place,
    nameEnd: place,
    attributes: given.flatMap((attr): TreeAttribute[] =>
      attr.type === 'mdxJsxAttribute' && attr.name !== undefined
        ? [{ name: attr.name, value: mdxValue(attr.value, imports), start: place, end: place }]
        : [],
    ),
    open: given.some(({ type }) => type !== 'mdxJsxAttribute'),
  };
}

export function writeMdxAttribute(node: SyntaxNode, name: string, value: string): void {
  const others = attributesOf(node).filter((attr) => attr.name !== name);
  node.attributes = [...others, { type: 'mdxJsxAttribute', name, value }];
}

function attributesOf(node: SyntaxNode): readonly MdxAttribute[] {
  return Array.isArray(node.attributes) ? node.attributes : [];
}
