import { isNode, type Node, staticText } from './estree.js';
import type { TreeAttribute, TreeNode } from './source-tree.js';

/** The elements in any part of the tree: expressions may hold elements, too. */
export function jsxNodesIn(value: unknown, imports: ReadonlyMap<string, string>): TreeNode[] {
  if (Array.isArray(value)) return value.flatMap((each) => jsxNodesIn(each, imports));
  if (!isNode(value)) return [];
  if (value.type === 'JSXText') return [{ type: 'text', value: String(value.value) }];
  if (value.type === 'JSXElement') return elementOf(value, imports);
  return Object.values(value).flatMap((each) =>
    typeof each === 'object' ? jsxNodesIn(each, imports) : [],
  );
}

function elementOf(node: Node, imports: ReadonlyMap<string, string>): TreeNode[] {
  const children = jsxNodesIn(node.children, imports);
  const { openingElement: opening } = node;
  if (!isNode(opening) || !isNode(opening.name) || !Array.isArray(opening.attributes)) {
    return children;
  }
  const name = nameOf(opening.name);
  const attributes = opening.attributes.flatMap((attr: unknown): TreeAttribute[] => {
    if (!isNode(attr) || attr.type !== 'JSXAttribute' || !isNode(attr.name)) return [];
    const { start, end, value } = attr;
    return [{ name: nameOf(attr.name), value: attributeText(value, imports), start, end }];
  });
  return [
    {
      type: 'element',
      name,
      svg: name === 'image',
      attributes,
      children,
      open: opening.attributes.some(
        (attr: unknown) => !isNode(attr) || attr.type !== 'JSXAttribute',
      ),
      start: opening.start,
      end: opening.end,
      nameEnd: opening.name.end,
    },
  ];
}

function nameOf(name: Node): string {
  if (typeof name.name === 'string') return name.name;
  // `<svg xlink:href>`, `<UI.Image>`
  const [left, right] =
    name.type === 'JSXNamespacedName' ? [name.namespace, name.name] : [name.object, name.property];
  const mark = name.type === 'JSXNamespacedName' ? ':' : '.';
  return [left, right].map((part) => (isNode(part) ? nameOf(part) : '')).join(mark);
}

function attributeText(value: unknown, imports: ReadonlyMap<string, string>): string | null {
  // An attribute without a value is an empty text in HTML.
  if (value === null || value === undefined) return '';
  if (isNode(value) && value.type === 'JSXExpressionContainer') {
    return staticText(value.expression, imports);
  }
  return staticText(value, imports);
}
