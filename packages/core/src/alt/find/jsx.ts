import type { MdxJsxFlowElement, MdxJsxTextElement } from 'mdast-util-mdx';
import { isNode, staticText } from './estree.js';
import type { TreeAttribute, TreeElement, TreeNode } from './source-tree.js';

export { importsOf } from './estree.js';

/** An element of MDX; undefined for a fragment, which has no name. */
export function jsxElement(
  node: MdxJsxFlowElement | MdxJsxTextElement,
  text: string,
  imports: ReadonlyMap<string, string>,
  children: readonly TreeNode[],
): TreeElement | undefined {
  const { name, position } = node;
  const [start, end] = [position?.start.offset, position?.end.offset];
  if (name === null || start === undefined || end === undefined) return undefined;
  const attributes = node.attributes.flatMap((attr): TreeAttribute[] => {
    const from = attr.position?.start.offset;
    const to = attr.position?.end.offset;
    if (attr.type !== 'mdxJsxAttribute' || from === undefined || to === undefined) return [];
    return [{ name: attr.name, value: mdxValue(attr.value, imports), start: from, end: to }];
  });
  return {
    type: 'element',
    name,
    svg: name === 'image',
    attributes,
    start,
    end,
    children,
    open: node.attributes.some(({ type }) => type === 'mdxJsxExpressionAttribute'),
    nameEnd: text.indexOf(name, start) + name.length,
  };
}

/** The text of an attribute's value; null when it is known only when the page is made. */
export function mdxValue(value: unknown, imports: ReadonlyMap<string, string>): string | null {
  if (typeof value === 'string') return value;
  // `<img alt>` is `alt={true}`.
  if (typeof value !== 'object' || value === null || !('data' in value)) return null;
  const { estree } = (value.data ?? {}) as { estree?: { body?: readonly unknown[] } };
  const statement = estree?.body?.[0];
  return isNode(statement) ? staticText(statement.expression, imports) : null;
}
